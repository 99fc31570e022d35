/** What a greenlet runs: a generator function, an async function, or a plain one. */
export type Body = (...args: never[]) => unknown

/** Checks what a greenlet is to run. @throws {TypeError} unless it is a function. */
export function checkBody(body: unknown): void {
  if (typeof body === "function") return
  const hint =
    typeof body === "object" && body !== null && Symbol.iterator in body && "next" in body
      ? "a generator that was made already; pass the generator function"
      : body instanceof Promise
        ? "a promise; pass the async function, or use wait(promise)"
        : String(body)
  throw new TypeError(`The run argument or self._run must be callable: expected a function, not ${hint}`)
}

/** Whether it was declared `function*`. */
export function isGeneratorFunction(body: Body): boolean {
  return (body as { [Symbol.toStringTag]?: string })[Symbol.toStringTag] === "GeneratorFunction"
}

/** Whether it was declared `async`. */
export function isAsyncFunction(body: Body): boolean {
  return (body as { [Symbol.toStringTag]?: string })[Symbol.toStringTag] === "AsyncFunction"
}
