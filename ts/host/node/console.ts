import { Console } from "node:console"
import { Writable } from "node:stream"
import { inspect } from "node:util"

/** A console that hands over what it would print, at the call. */
export function createConsole(write: (text: string) => void): Console {
  const stdout = new Writable({
    decodeStrings: false,
    write(chunk, _encoding, done) {
      write(String(chunk))
      done()
    },
  })
  return new Console({ stdout, colorMode: false })
}

/** A value as the console shows it. */
export function show(value: unknown): string {
  return inspect(value)
}
