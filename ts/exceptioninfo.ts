import type { ErrorClass } from "./hub.ts"

/** An error in three parts. gevent: `exc_info`. */
export interface ExceptionInfo {
  type: ErrorClass
  error: Error
  stack: string
}

/** The three parts of what was thrown; what is no Error becomes the message of one. */
export function exceptionInfo(thrown: unknown): ExceptionInfo {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown))
  return { type: error.constructor as ErrorClass, error, stack: error.stack ?? String(error) }
}
