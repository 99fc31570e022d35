import { GreenletLocal } from "../local.ts"

type Method = (...args: unknown[]) => unknown
type Methods = Record<string, Method>

/** The console of the current greenlet, when that has one of its own. */
const own = new GreenletLocal<Methods | undefined>()
/** The methods of the host's console that look first whose code runs, and those that they stand for. */
const replaced = new Map<string, { readonly original: Method; readonly replacement: Method }>()
let users = 0

/**
 * From now on what the current greenlet prints goes to a console of its own. Several greenlets may have the same one. Others print
 * where they did.
 *
 * @returns What takes that back; in any greenlet.
 */
export function redirect(terminal: Console): () => void {
  own.set(terminal as unknown as Methods)
  if (users++ === 0) replace(globalThis.console as unknown as Methods, terminal as unknown as Methods)
  return () => {
    if (--users === 0) restore(globalThis.console as unknown as Methods)
  }
}

function replace(shared: Methods, terminal: Methods): void {
  for (const name of Object.keys(terminal)) {
    const original = shared[name]
    if (typeof original !== "function" || typeof terminal[name] !== "function") continue
    const replacement = (...args: unknown[]): unknown => {
      const mine = own.get()
      return mine === undefined ? original.apply(shared, args) : mine[name]!(...args)
    }
    replaced.set(name, { original, replacement })
    shared[name] = replacement
  }
}

function restore(shared: Methods): void {
  for (const [name, { original, replacement }] of replaced) {
    // somebody else may have put his own over it, which calls it
    if (shared[name] === replacement) shared[name] = original
  }
  replaced.clear()
}
