/** Any family. */
export const AF_UNSPEC = 0
/** Sockets of this machine, with a path or an abstract name. */
export const AF_UNIX = 1
/** IPv4. */
export const AF_INET = 2
/** IPv6. */
export const AF_INET6 = 10
/** A connection that carries bytes in order: TCP. */
export const SOCK_STREAM = 1
/** `shutdown`: no more is received. */
export const SHUT_RD = 0
/** `shutdown`: no more is sent; the peer sees the end of the stream. */
export const SHUT_WR = 1
/** `shutdown`: both. */
export const SHUT_RDWR = 2
/** Level of IPv4's options; the same as IPPROTO_IP. */
export const SOL_IP = 0
/** Level of TCP's own options; the same as IPPROTO_TCP. */
export const SOL_TCP = 6
/** Level of UDP's own options; the same as IPPROTO_UDP. */
export const SOL_UDP = 17
/** Any IPv4 address, as a number. */
export const INADDR_ANY = 0
/** The IPv4 loopback address, as a number. */
export const INADDR_LOOPBACK = 0x7f000001
/** The IPv4 broadcast address, as a number. */
export const INADDR_BROADCAST = 0xffffffff
/** The largest backlog that makes a difference. */
export const SOMAXCONN = 4096

export * from "../host/options.ts"
