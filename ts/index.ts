import "./monitor.ts"
import "./resolver.ts"

export { getswitchinterval, setswitchinterval } from "./core/switchinterval.ts"
export {
  BlockingSwitchOutError,
  ConcurrentObjectUseError,
  GreenletExit,
  HubDestroyed,
  InvalidSwitchError,
  InvalidThreadUseError,
  LoopExit,
  SystemExit,
} from "./exceptions.ts"
export type { Flow } from "./flow.ts"
export { Greenlet, type KillError } from "./greenlet.ts"
export { getHub, type Hub } from "./hub.ts"
export { isKill } from "./iskill.ts"
export type { RawGreenlet } from "./rawgreenlet.ts"
export { idle, sleep } from "./sleep.ts"
export { signalHandler, type SignalHandler } from "./signalhandler.ts"
export type { PromiseWaitOptions } from "./promisewait.ts"
export { getcurrent, kill, killall, run, spawn, spawnLater, spawnRaw } from "./spawn.ts"
export type { Strand } from "./strand.ts"
export { Timeout, withTimeout, type TimeoutArgument } from "./timeout.ts"
export { version, versionInfo } from "./version.ts"
export type { BlockingCall as Wait, Op } from "./wait.ts"
export type { Waitable } from "./waitable.ts"
export { iwait, joinall, wait } from "./waiting.ts"
