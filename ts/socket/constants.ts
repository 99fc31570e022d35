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
/** Level of TCP's own options; the same as IPPROTO_TCP. */
export const SOL_TCP = 6
/** The largest backlog that makes a difference. */
export const SOMAXCONN = 4096

export {
  IPPROTO_IPV6,
  IPPROTO_TCP,
  IPV6_V6ONLY,
  LINGER_ON,
  SO_ACCEPTCONN,
  SO_DOMAIN,
  SO_ERROR,
  SO_KEEPALIVE,
  SO_LINGER,
  SO_PROTOCOL,
  SO_RCVBUF,
  SO_REUSEADDR,
  SO_REUSEPORT,
  SO_SNDBUF,
  SO_TYPE,
  SOL_SOCKET,
  TCP_KEEPIDLE,
  TCP_NODELAY,
} from "../host/options.ts"
