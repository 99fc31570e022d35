import { Strand } from "../strand.ts"
import { knownLocals } from "./greenletlocal.ts"
import { ObjectLocal } from "./objectlocal.ts"

/**
 * The locals in which a greenlet has a value, each with that value: for debugging. An object of `local()` is the greenlet's own,
 * not a copy. gevent: `gevent.local.all_local_dicts_for_greenlet(greenlet)`.
 *
 * @throws {TypeError} when it is no greenlet.
 * @example
 * ```ts
 * import { getcurrent } from "gevent-wasm"
 * import { allLocalDictsForGreenlet, local } from "gevent-wasm/local"
 * const request = local<{ id?: number }>()
 * request.id = 7
 * for (const [which, value] of allLocalDictsForGreenlet(getcurrent())) console.log(which === request, value) // true { id: 7 }
 * ```
 */
export function allLocalDictsForGreenlet(greenlet: Strand): [local: object, value: unknown][] {
  if (!(greenlet instanceof Strand)) throw new TypeError(`expected a greenlet, not ${String(greenlet)}`)
  const locals = greenlet.belongings?.locals
  if (!locals) return []
  return knownLocals()
    .filter((local) => locals.has(local))
    .map((local) => [local instanceof ObjectLocal ? local.proxy : local, locals.get(local)])
}
