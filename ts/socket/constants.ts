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
/** Datagrams, each of which is whole, lost or doubled, in any order: UDP. */
export const SOCK_DGRAM = 2
/** Receives and leaves there what it received. */
export const MSG_PEEK = 2
/** What `recvmsg` returns when control messages did not fit; there never are any. */
export const MSG_CTRUNC = 8
/** What `recvmsg` returns when a datagram was longer than the room for it, and its end is lost. */
export const MSG_TRUNC = 32
/** Does not wait: throws EAGAIN instead. */
export const MSG_DONTWAIT = 64
/** Asks for no signal when a connection is lost. There never is one. */
export const MSG_NOSIGNAL = 16384
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
