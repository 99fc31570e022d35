import { constants } from "node:os"
import process from "node:process"
import { E } from "../errno.ts"

/** The numbers of the signals that the system has, by name. */
export const signals: Readonly<Record<string, number>> = constants.signals

type Receiver = (signum: number) => void
type Listener = (name: NodeJS.Signals, signum: number) => void

const listening = new Map<number, Map<Receiver, Listener>>()

/** See `Host.signal`. A receiver is called once per signal however often it was switched on. */
export function signal(signum: number, on: boolean, fn: Receiver): number {
  const name = Object.keys(signals).find((key) => signals[key] === signum) as NodeJS.Signals | undefined
  if (name === undefined || name === "SIGKILL" || name === "SIGSTOP") return -E.INVAL
  let receivers = listening.get(signum)
  const listener = receivers?.get(fn)
  if (!on) {
    if (listener === undefined) return 0
    process.off(name, listener)
    receivers!.delete(fn)
    return 0
  }
  if (listener !== undefined) return 0
  const added: Listener = () => fn(signum)
  try {
    process.on(name, added)
  } catch {
    // Node has put the listener on its list all the same.
    process.off(name, added)
    return -E.INVAL
  }
  if (receivers === undefined) listening.set(signum, (receivers = new Map<Receiver, Listener>()))
  receivers.set(fn, added)
  return 0
}
