/**
 * The levels, names and values that `setOption` and `getOption` of a descriptor take. They are Linux' numbers, which
 * musl and therefore every C program compiled for WebAssembly uses.
 */

/** Level of the options that every socket has. */
export const SOL_SOCKET = 1
/** Level of TCP's own options. */
export const IPPROTO_TCP = 6
/** Level of the options of IPv6 sockets. */
export const IPPROTO_IPV6 = 41

/** Allow a local address to be bound again soon. Hosts set it always; the value is remembered only. */
export const SO_REUSEADDR = 2
/** Reads the kind of socket: 1 for a stream. */
export const SO_TYPE = 3
/** Reads the pending errno and clears it; 0 when there is none. */
export const SO_ERROR = 4
/** Size of the send buffer. Remembered only: no host lets it be set. */
export const SO_SNDBUF = 7
/** Size of the receive buffer. Remembered only. */
export const SO_RCVBUF = 8
/** Probe an idle connection. */
export const SO_KEEPALIVE = 9
/** What close() does with unsent data: 0 sends it in the background, `LINGER_ON | seconds` bounds that time. */
export const SO_LINGER = 13
/** Let several sockets bind one port, where the host can. */
export const SO_REUSEPORT = 15
/** Reads 1 when the socket listens. */
export const SO_ACCEPTCONN = 30
/** Reads the protocol number: 6 for TCP. */
export const SO_PROTOCOL = 38
/** Reads the address family: 2 for IPv4, 10 for IPv6. */
export const SO_DOMAIN = 39

/** Send small packets at once. */
export const TCP_NODELAY = 1
/** Seconds of idleness before the first keep-alive probe. */
export const TCP_KEEPIDLE = 4
/** Keep an IPv6 socket off IPv4. To be set before bind. */
export const IPV6_V6ONLY = 26

/**
 * The `l_onoff` of SO_LINGER's struct, to be or-ed with its `l_linger` in seconds. `LINGER_ON | 0` makes close() reset
 * the connection and drop what is unsent.
 *
 * @example
 * ```ts
 * import { LINGER_ON, SO_LINGER, Socket, SOL_SOCKET } from "gevent-wasm/socket"
 * using socket = new Socket()
 * socket.setsockopt(SOL_SOCKET, SO_LINGER, LINGER_ON | 0)
 * ```
 */
export const LINGER_ON = 0x10000
