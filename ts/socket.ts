export { ConcurrentObjectUseError, gaierror, herror, SocketError, SocketTimeout } from "./exceptions.ts"
export {
  getaddrinfo,
  getfqdn,
  gethostbyaddr,
  gethostbyname,
  gethostbynameEx,
  getnameinfo,
  type AddressInfo,
  type HostEntry,
  type Hostname,
  type NumericAddress,
} from "./resolver.ts"
export * from "./resolver/constants.ts"
export { getprotobyname, getservbyname, getservbyport } from "./services.ts"
export type { AddressArgument, AnyAddress, SocketAddress, UnixAddress } from "./socket/address.ts"
export type { Bytes, Data } from "./socket/bytes.ts"
export { createConnection, type ConnectionOptions } from "./socket/connection.ts"
export * from "./socket/constants.ts"
export { getdefaulttimeout, setdefaulttimeout } from "./socket/deadline.ts"
export { gethostname, hasIpv6 } from "./socket/machine.ts"
export type { ControlMessage, Message, MessageInto } from "./socket/message.ts"
export { htonl, htons, inetAton, inetNtoa, inetNtop, inetPton, ntohl, ntohs } from "./socket/inet.ts"
export type { SendableFile } from "./socket/sendfile.ts"
export { fromfd } from "./socket/fromfd.ts"
export { Socket, Socket as SocketType } from "./socket/socket.ts"
export { socketpair } from "./socket/socketpair.ts"
export { cancelWait, wait, waitRead, waitReadwrite, waitWrite, type TimeoutError } from "./socket/wait.ts"
export type { MakefileOptions, SocketFile } from "./socket/makefile.ts"
