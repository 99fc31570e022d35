export { Descriptor, ERR, HUP, IN, OUT, RDHUP, type Address, type Observer, type Received } from "./descriptor.ts"
export { E, errnoOf, errorMessage, errorName, type ErrnoName } from "./errno.ts"
export {
  Secure,
  type CredentialOptions,
  type Credentials,
  type PeerCertificate,
  type PemOrDer,
  type SecureFailure,
  type SecureOptions,
  type SecureSession,
} from "./secure.ts"
export type {
  Context,
  FileMode,
  FileStat,
  Home,
  Host,
  HostProcess,
  Inbound,
  ResolvedAddress,
  SpawnOptions,
} from "./host.ts"
export { capabilities } from "./current.ts"
export type { Code, Evaluator } from "./evaluator.ts"
export type { Capabilities } from "./capabilities.ts"
export type { Watchdog, WatchdogOptions } from "./watchdog.ts"
