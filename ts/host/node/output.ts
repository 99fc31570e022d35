import { writeSync } from "node:fs"
import process from "node:process"
import { E } from "../errno.ts"
import { errnoOfError } from "./errors.ts"

/**
 * Writes to standard output or error at once. When a pipe there is full, the rest goes through Node's stream, and so
 * does what follows until that is empty.
 *
 * @returns The number of bytes, all of them, or a negative errno.
 */
export function writeOutput(fd: 1 | 2, bytes: Uint8Array): number {
  const stream = fd === 1 ? process.stdout : process.stderr
  let done = 0
  if (stream.writableLength === 0) {
    while (done < bytes.length) {
      try {
        done += writeSync(fd, bytes, done, bytes.length - done)
      } catch (error) {
        const errno = errnoOfError(error)
        if (errno !== E.AGAIN) return -errno
        break
      }
    }
  }
  if (done < bytes.length) {
    if (!stream.listeners("error").includes(ignore)) stream.on("error", ignore)
    stream.write(bytes.slice(done))
  }
  return bytes.length
}

// A reader that goes away is no reason to crash; the next direct write reports it.
function ignore(): void {}
