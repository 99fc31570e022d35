/** The values that a context holds, by variable, and whether it is being run. */
export class Scope {
  readonly values: Map<object, unknown>
  entered = false

  constructor(values?: Iterable<readonly [object, unknown]>) {
    this.values = new Map(values)
  }
}
