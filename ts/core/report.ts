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

/** Writes a text on standard error. */
export function writeReport(text: string): void {
  host.write(2, encoder.encode(text))
}

/** Writes an error on standard error. */
export function printError(error: unknown): void {
  writeReport(`${describeError(error)}\n`)
}
