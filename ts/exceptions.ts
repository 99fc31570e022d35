export { GreenletExit, SystemExit } from "./exceptions/exit.ts"
export {
  LoopExit,
  BlockingSwitchOutError,
  InvalidSwitchError,
  ConcurrentObjectUseError,
  HubDestroyed,
  InvalidThreadUseError,
} from "./exceptions/hub.ts"
export { Empty, Full, PoolFull, ShutDown, StopIteration } from "./exceptions/queue.ts"
export { ProgramError } from "./exceptions/program.ts"
export { SocketError, SocketTimeout } from "./exceptions/socket.ts"
export { gaierror, herror, UnicodeError, InvalidIP } from "./exceptions/name.ts"
export {
  SSLError,
  SSLZeroReturnError,
  SSLWantReadError,
  SSLWantWriteError,
  SSLEOFError,
  SSLCertVerificationError,
} from "./exceptions/tls.ts"
export { FileObjectClosed, UnsupportedOperation, UnicodeDecodeError, UnicodeEncodeError } from "./exceptions/file.ts"
export { NotSupportedError, need } from "./exceptions/capability.ts"
export { SubprocessError, type ProcessArguments, CalledProcessError, TimeoutExpired } from "./exceptions/process.ts"
