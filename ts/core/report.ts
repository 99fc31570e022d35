import { host } from "#host"

const encoder = new TextEncoder()

/** An error's stack, or what there is of it. Never throws: an error may not even be able to say what it is. */
export function describeError(error: unknown): string {
  try {
    return error instanceof Error ? (error.stack ?? String(error)) : String(error)
  } catch {
    return "an error that cannot be printed"
  }
}

/** Writes an error on standard error. */
export function printError(error: unknown): void {
  host.write(2, encoder.encode(`${describeError(error)}\n`))
}
