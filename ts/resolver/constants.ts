export { AF_INET, AF_INET6, AF_UNSPEC, IPPROTO_UDP, SOCK_DGRAM, SOCK_STREAM } from "../socket/constants.ts"

/** Packets as they are. */
export const SOCK_RAW = 3

/** `getaddrinfo`: addresses to listen at, when there is no host. */
export const AI_PASSIVE = 1
/** `getaddrinfo`: the first entry carries the canonical name. */
export const AI_CANONNAME = 2
/** `getaddrinfo`: the host is a numeric address, and no name is looked up. */
export const AI_NUMERICHOST = 4
/** `getaddrinfo`: IPv4 addresses as IPv6 ones. Ignored. */
export const AI_V4MAPPED = 8
/** `getaddrinfo`: with AI_V4MAPPED, both kinds. Ignored. */
export const AI_ALL = 16
/** `getaddrinfo`: only families that this machine has addresses of. Ignored. */
export const AI_ADDRCONFIG = 32
/** `getaddrinfo`: the service is a number. */
export const AI_NUMERICSERV = 1024

/** `getnameinfo`: the host as a number. */
export const NI_NUMERICHOST = 1
/** `getnameinfo`: the service as a number. */
export const NI_NUMERICSERV = 2
/** `getnameinfo`: the host without the local domain. */
export const NI_NOFQDN = 4
/** `getnameinfo`: fails when the host has no name. */
export const NI_NAMEREQD = 8
/** `getnameinfo`: the service is one of UDP. */
export const NI_DGRAM = 16

/** `gaierror`: the flags are wrong. */
export const EAI_BADFLAGS = -1
/** `gaierror`: there is no such name. */
export const EAI_NONAME = -2
/** `gaierror`: no answer now; a later try may help. */
export const EAI_AGAIN = -3
/** `gaierror`: no answer, now and later. */
export const EAI_FAIL = -4
/** `gaierror`: there is no such address family. */
export const EAI_FAMILY = -6
/** `gaierror`: there is no such type of socket, or the protocol is not one of it. */
export const EAI_SOCKTYPE = -7
/** `gaierror`: there is no such service for the type of socket. */
export const EAI_SERVICE = -8
/** `gaierror`: the host has no address of the family. */
export const EAI_ADDRFAMILY = -9
/** `gaierror`: there is no memory. */
export const EAI_MEMORY = -10
