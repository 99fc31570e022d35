/** Options of those who wait for the end of greenlets. */
export interface JoinOptions {
  /** Whether the error of a greenlet is thrown. Default false. */
  raiseError?: boolean
}

/** Whether errors are to be thrown. @throws {TypeError} when the options are none. */
export function raisesErrors(options: JoinOptions): boolean {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`the options of a join are an object such as { raiseError: true }, not ${String(options)}`)
  }
  return options.raiseError === true
}
