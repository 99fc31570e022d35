import { host } from "#host"
import { GreenletLocal } from "./greenletlocal.ts"

type Method = (...args: unknown[]) => unknown

/** An object per greenlet, made with the same class and arguments in each, behind one proxy for all of them. */
export class ObjectLocal extends GreenletLocal<object> {
  /** What users have in their hands. */
  readonly proxy: object
  /** What makes the object of a greenlet. */
  readonly make: () => object

  constructor(make: () => object) {
    super(make)
    this.make = make
    // the console looks at the target, past all traps
    const shown = { [host.inspect]: () => this.get() }
    this.proxy = new Proxy(Object.create(shown) as object, new CurrentObject(this))
  }
}

/** Does with the object of the current greenlet what is done with the proxy. */
class CurrentObject implements ProxyHandler<object> {
  private readonly local: ObjectLocal
  private methods: WeakMap<Method, Method> | null = null

  constructor(local: ObjectLocal) {
    this.local = local
  }

  get(_target: object, key: string | symbol): unknown {
    const object = this.local.get()
    const value: unknown = Reflect.get(object, key, object)
    return typeof value === "function" && key !== "constructor" && !Object.hasOwn(object, key)
      ? this.methodOf(value as Method)
      : value
  }

  set(_target: object, key: string | symbol, value: unknown): boolean {
    const object = this.local.get()
    return Reflect.set(object, key, value, object)
  }

  has(_target: object, key: string | symbol): boolean {
    return Reflect.has(this.local.get(), key)
  }

  deleteProperty(_target: object, key: string | symbol): boolean {
    return Reflect.deleteProperty(this.local.get(), key)
  }

  ownKeys(): (string | symbol)[] {
    return Reflect.ownKeys(this.local.get())
  }

  getOwnPropertyDescriptor(_target: object, key: string | symbol): PropertyDescriptor | undefined {
    const descriptor = Reflect.getOwnPropertyDescriptor(this.local.get(), key)
    // a proxy may call fixed only what its target has
    return descriptor && { ...descriptor, configurable: true }
  }

  defineProperty(_target: object, key: string | symbol, descriptor: PropertyDescriptor): boolean {
    return descriptor.configurable !== false && Reflect.defineProperty(this.local.get(), key, descriptor)
  }

  getPrototypeOf(): object | null {
    return Reflect.getPrototypeOf(this.local.get())
  }

  setPrototypeOf(): boolean {
    return false
  }

  preventExtensions(): boolean {
    return false
  }

  /** A method works on the greenlet's object itself, which alone has the private fields and slots of its class. */
  private methodOf(method: Method): Method {
    const methods = (this.methods ??= new WeakMap())
    let result = methods.get(method)
    if (result === undefined) {
      const { local } = this
      result = function (this: unknown, ...args) {
        return Reflect.apply(method, this === local.proxy ? local.get() : this, args)
      }
      Object.defineProperty(result, "name", { value: method.name, configurable: true })
      methods.set(method, result)
    }
    return result
  }
}
