import type * as fs from "node:fs"
import type * as inspector from "node:inspector"
import process from "node:process"
import type * as threads from "node:worker_threads"
import type { Watchdog, WatchdogOptions } from "../watchdog.ts"

/** What the thread starts with. */
interface ThreadData {
  readonly signs: Int32Array
  readonly milliseconds: number
  readonly notice: string
  /** The key of the function that is called in the thread that is watched; null when that cannot be interrupted. */
  readonly key: string | null
}

let count = 0

/**
 * See `Host.watchdog`. Node's inspector reaches the main thread only.
 *
 * @param interrupts - Whether this thread can be interrupted; by default, when it is the main one.
 */
export function startWatchdog(options: WatchdogOptions, interrupts?: boolean): Watchdog {
  const { isMainThread, Worker } = process.getBuiltinModule("node:worker_threads")
  const signs = new Int32Array(new SharedArrayBuffer(8))
  const key = `gevent-wasm.watchdog.${count++}`
  const workerData: ThreadData = {
    signs,
    milliseconds: options.limit * 1000,
    notice: options.notice,
    key: (interrupts ?? isMainThread) ? key : null,
  }
  // the inspector finds nothing but what is global
  Object.defineProperty(globalThis, Symbol.for(key), { configurable: true, value: options.interrupted })
  // it may be run as a script or as a module, as the program's own flags say
  const source = `Promise.all([import("node:worker_threads"), import("node:fs"), import("node:inspector").catch(() => null)])
    .then((modules) => (${String(watch)})(...modules))`
  const worker = new Worker(source, { eval: true, workerData })
  // a host that has no threads to give leaves the program as it is
  worker.on("error", () => undefined)
  worker.unref()
  return {
    signs,
    close() {
      Reflect.deleteProperty(globalThis, Symbol.for(key))
      void worker.terminate()
    },
  }
}

/** Runs in the thread, without anything from around it. */
function watch(modules: typeof threads, files: typeof fs, debug: typeof inspector | null): void {
  const { signs, milliseconds, notice, key } = modules.workerData as ThreadData
  let seen = -1
  let since = 0
  let reported = false
  // The interruption that was asked for and has not come: the thread is in a call of the system, or the machine is busy.
  let asked: inspector.Session | null = null
  let askedAt = 0
  // Milliseconds. The thread first tells of all its scripts, which takes its time on a busy machine.
  let wait = 1000
  let said = false
  const say = (): void => {
    if (notice !== "" && !said) files.writeSync(2, notice)
    said = true
  }
  setInterval(() => {
    const sign = Atomics.load(signs, 0)
    const now = performance.now()
    if (sign !== seen) {
      seen = sign
      since = now
      reported = said = false
      wait = 1000
      asked?.disconnect()
      asked = null
    } else if (asked !== null && now - askedAt > wait) {
      // one that was asked for while another one was on its way may get lost
      wait *= 2
      asked.disconnect()
      asked = null
      interrupt()
    } else if (!reported && now - since > milliseconds && Atomics.load(signs, 1) === 0) {
      reported = true
      if (!interrupt()) say()
    }
  }, milliseconds / 4)

  /** Has the thread call the function; false when there is no way. */
  function interrupt(): boolean {
    if (debug === null || key === null) return false
    const session = new debug.Session()
    try {
      session.connectToMainThread()
    } catch {
      return false
    }
    asked = session
    askedAt = performance.now()
    // a thread that is in a call of the system does not pause before that returns
    const patience = setTimeout(() => {
      if (asked === session) say()
    }, milliseconds)
    const urls = new Map<string, string>()
    session.on("Debugger.scriptParsed", ({ params }) => urls.set(params.scriptId, params.url))
    session.on("Debugger.paused", ({ params }) => {
      asked = null
      clearTimeout(patience)
      const stack = params.callFrames.map((frame) => {
        const { scriptId, lineNumber, columnNumber = 0 } = frame.location
        return `    at ${frame.functionName || "<anonymous>"} (${urls.get(scriptId) ?? frame.url}:${lineNumber + 1}:${columnNumber + 1})`
      })
      session.post(
        "Debugger.evaluateOnCallFrame",
        {
          callFrameId: params.callFrames[0]!.callFrameId,
          expression: `globalThis[Symbol.for(${JSON.stringify(key)})]?.(${JSON.stringify(stack.join("\n"))})`,
        },
        (error, evaluated) => {
          // where it could not be called, the next look asks again
          if (error !== null || evaluated?.exceptionDetails !== undefined) reported = false
          session.post("Debugger.resume", () => session.disconnect())
        },
      )
    })
    session.post("Debugger.enable")
    session.post("Debugger.pause")
    return true
  }
}
