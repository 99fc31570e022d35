/**
 * The levels, names and values that `setOption` and `getOption` of a descriptor take. They are Linux' numbers, which
 * musl and therefore every C program compiled for WebAssembly uses.
 */

/** Level of the options that every socket has. */
export const SOL_SOCKET = 1
/** Level of the options of IPv4 sockets. */
export const IPPROTO_IP = 0
/** Level of TCP's own options. */
export const IPPROTO_TCP = 6
/** Level of UDP's own options. */
export const IPPROTO_UDP = 17
/** Level of the options of IPv6 sockets. */
export const IPPROTO_IPV6 = 41

/** Allow a local address to be bound again soon. Hosts set it always; the value is remembered only. */
export const SO_REUSEADDR = 2
/** Reads the kind of socket: 1 for a stream, 2 for datagrams. */
export const SO_TYPE = 3
/** Debugging in the kernel; always 0. */
export const SO_DEBUG = 1
/** Reads the pending errno and clears it; 0 when there is none. */
export const SO_ERROR = 4
/** Bypass the routing table; always 0. */
export const SO_DONTROUTE = 5
/** Allow datagrams to a broadcast address. */
export const SO_BROADCAST = 6
/** Size of the send buffer. That of a stream is remembered only: no host lets it be set. */
export const SO_SNDBUF = 7
/** Size of the receive buffer. That of a stream is remembered only. */
export const SO_RCVBUF = 8
/** Probe an idle connection. */
export const SO_KEEPALIVE = 9
/** Leave urgent data in the stream; always 0. */
export const SO_OOBINLINE = 10
/** Priority of packets; always 0. */
export const SO_PRIORITY = 12
/** What close() does with unsent data: 0 sends it in the background, `LINGER_ON | seconds` bounds that time. */
export const SO_LINGER = 13
/** Let several sockets bind one port, where the host can. */
export const SO_REUSEPORT = 15
/** Reads the least number of bytes to receive; always 1. */
export const SO_RCVLOWAT = 18
/** Reads the least number of bytes to send; always 1. */
export const SO_SNDLOWAT = 19
/** How long a call of a C program waits to receive, in milliseconds here; 0 is without end. */
export const SO_RCVTIMEO = 20
/** How long a call of a C program waits to send, in milliseconds here. */
export const SO_SNDTIMEO = 21
/** Stamp messages with their time; always 0. */
export const SO_TIMESTAMP = 29
/** Reads 1 when the socket listens. */
export const SO_ACCEPTCONN = 30
/** Reads the protocol number: 6 for TCP, 17 for UDP. */
export const SO_PROTOCOL = 38
/** Reads the address family: 2 for IPv4, 10 for IPv6. */
export const SO_DOMAIN = 39

/** Send small packets at once. */
export const TCP_NODELAY = 1
/** Hold partial packets back; always 0. */
export const TCP_CORK = 3
/** Seconds of idleness before the first keep-alive probe. */
export const TCP_KEEPIDLE = 4
/** Seconds between keep-alive probes; always the system's 75. */
export const TCP_KEEPINTVL = 5
/** Probes without an answer before the connection is given up; always the system's 9. */
export const TCP_KEEPCNT = 6
/** How often a connect is retried; always the system's 6. */
export const TCP_SYNCNT = 7
/** Seconds of FIN_WAIT2; always the system's 60. */
export const TCP_LINGER2 = 8
/** Accept only when data is there; always 0. */
export const TCP_DEFER_ACCEPT = 9
/** Acknowledge at once; always 1. */
export const TCP_QUICKACK = 12
/** Milliseconds that data may go without being acknowledged; always 0, the system's choice. */
export const TCP_USER_TIMEOUT = 18
/** Type of service; always 0. */
export const IP_TOS = 1
/** Hops that a packet may take, 1-255; that of a stream is always the system's 64. */
export const IP_TTL = 2
/** The interface that multicast is sent on: its IPv4 address, 4 bytes. */
export const IP_MULTICAST_IF = 32
/** Hops that a multicast datagram may take; 1 stays in the local network. */
export const IP_MULTICAST_TTL = 33
/** Whether multicast that is sent comes back to members on this machine. */
export const IP_MULTICAST_LOOP = 34
/** Join a multicast group: 8 bytes, the group and the address of the interface, both IPv4; 0.0.0.0 lets the system choose. */
export const IP_ADD_MEMBERSHIP = 35
/** Leave a multicast group: the bytes that it was joined with. */
export const IP_DROP_MEMBERSHIP = 36
/** As IP_TTL. */
export const IPV6_UNICAST_HOPS = 16
/** The interface that multicast is sent on: its number, or 0. */
export const IPV6_MULTICAST_IF = 17
/** As IP_MULTICAST_TTL. */
export const IPV6_MULTICAST_HOPS = 18
/** As IP_MULTICAST_LOOP. */
export const IPV6_MULTICAST_LOOP = 19
/** Join a multicast group: 20 bytes, the group and then the number of the interface, or 0, in little endian. */
export const IPV6_JOIN_GROUP = 20
/** Leave a multicast group: the bytes that it was joined with. */
export const IPV6_LEAVE_GROUP = 21
/** Keep an IPv6 socket off IPv4. To be set before bind. */
export const IPV6_V6ONLY = 26
/** Traffic class; always 0. */
export const IPV6_TCLASS = 67

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
