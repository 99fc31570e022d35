import { ObjectLocal } from "./objectlocal.ts"

/** The local behind each proxy. */
const behind = new WeakMap<object, ObjectLocal>()

/**
 * An object whose properties are each greenlet's own. With a class, each greenlet has an instance of it, which is made with the
 * same arguments when the greenlet uses the local first; methods, getters and private fields are those of that instance.
 *
 * gevent: `gevent.local.local()`, and a subclass of it.
 *
 * @throws {TypeError} when the first argument is no class; and at use, when the local is to be frozen or given another prototype.
 * @example
 * ```ts
 * import { run, sleep, spawn } from "gevent-wasm"
 * import { local } from "gevent-wasm/local"
 * class Basket {
 *   items: string[]
 *   constructor(first: string) {
 *     this.items = [first]
 *   }
 * }
 * const request = local<{ user?: string }>()
 * const basket = local(Basket, "apple")
 * await run(function* () {
 *   request.user = "Ada"
 *   basket.items.push("pear")
 *   yield* spawn(() => sleep(0)).join()
 *   yield* spawn(async () => console.log(request.user, basket.items)).join() // undefined [ "apple" ]
 *   console.log(request.user, basket.items) // Ada [ "apple", "pear" ]
 * })
 * ```
 */
export function local<T extends object = Record<string, unknown>>(): Partial<T>
export function local<A extends unknown[], T extends object>(type: new (...args: A) => T, ...args: A): T
export function local(...given: [type?: new (...args: unknown[]) => object, ...args: unknown[]]): object {
  const [type = Object, ...args] = given
  if (!isClass(type))
    throw new TypeError(`local takes a class and the arguments of its constructor, not ${String(type)}`)
  return proxyOf(new ObjectLocal(() => new type(...args)))
}

/**
 * A local of its own that has, in the current greenlet alone, a shallow copy of its values; in others it begins anew. An object of
 * a class is made as in every greenlet, and then gets the properties of the other; private fields cannot be copied.
 *
 * gevent: `copy.copy(local)`.
 *
 * @throws {TypeError} for what `local()` has not made.
 * @example
 * ```ts
 * import { copyLocal, local } from "gevent-wasm/local"
 * const first = local<{ user?: string }>()
 * first.user = "Ada"
 * const second = copyLocal(first)
 * second.user = "Grace"
 * console.log(first.user) // Ada
 * ```
 */
export function copyLocal<T extends object>(original: T): T {
  const known = behind.get(original)
  if (known === undefined) throw new TypeError(`copyLocal takes what local() has made, not ${String(original)}`)
  const copy = new ObjectLocal(known.make)
  const object = copy.get()
  for (const key of Reflect.ownKeys(object)) Reflect.deleteProperty(object, key)
  Object.defineProperties(object, Object.getOwnPropertyDescriptors(known.get()))
  return proxyOf(copy) as T
}

function proxyOf(made: ObjectLocal): object {
  behind.set(made.proxy, made)
  return made.proxy
}

function isClass(value: unknown): boolean {
  return typeof value === "function" && typeof value.prototype === "object" && value.prototype !== null
}
