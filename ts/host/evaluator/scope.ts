const ASSIGNED = /([\p{ID_Start}$_][\p{ID_Continue}$]*)\s*(?:[-+*/%&|^?<>]*=(?![=>])|\+\+|--)/gu
const ASKED = /\btypeof\s+([\p{ID_Start}$_][\p{ID_Continue}$]*)/gu

/** Where the names of evaluated code are looked up. */
export class Scope {
  /** For a `with` statement. */
  readonly names: object
  private readonly locals: Record<string, unknown>
  private readonly assigned = new Set<PropertyKey>()
  private readonly asked = new Set<PropertyKey>()

  constructor(locals: Record<string, unknown>) {
    this.locals = locals
    this.names = new Proxy(locals, {
      has: (_, name) => this.has(name),
      get: (_, name) => this.get(name),
      set: (_, name, value) => Reflect.set(this.locals, name, value),
    })
  }

  /** Looks at a source before it runs: what it assigns becomes local, and `typeof` may name what there is not. */
  expect(source: string): void {
    for (const [, name] of source.matchAll(ASSIGNED)) this.assigned.add(name!)
    for (const [, name] of source.matchAll(ASKED)) this.asked.add(name!)
  }

  /** Declares names, by their accessors. One that was declared before is declared anew. */
  declare(names: object): void {
    Object.defineProperties(this.locals, Object.getOwnPropertyDescriptors(names))
  }

  private has(name: PropertyKey): boolean {
    if (name in this.locals) return true
    // what is global and called has to be found without this scope, which would be its `this`
    return typeof name === "string" && (!(name in globalThis) || this.assigned.has(name))
  }

  private get(name: PropertyKey): unknown {
    if (name in this.locals) return this.locals[name as string]
    if (typeof name === "symbol" || name in globalThis || this.asked.has(name)) {
      return typeof name === "symbol" ? undefined : (globalThis as unknown as Record<PropertyKey, unknown>)[name]
    }
    throw new ReferenceError(`${String(name)} is not defined`)
  }
}
