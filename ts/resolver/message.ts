import { hubModule, type Searcher } from "../core/hubmodule.ts"
import { gaierror } from "../exceptions.ts"
import { ARES_EBADNAME, ARES_ENOMEM, rawError } from "./status.ts"

/** The query for a type of records, as it goes over the wire, with the id 0. @throws {gaierror} for a name that is none. */
export function writeQuery(name: string, type: number, ednsSize = 0): Uint8Array {
  const module = hubModule()
  const { exports, memory } = module
  const length = exports.allocate(4) >>> 0
  const message = exports.message_write(module.scratch(name), type, ednsSize, length) >>> 0
  const size = memory.words[length >>> 2]!
  exports.release(length)
  if (message === 0) throw rawError(ARES_EBADNAME, gaierror)
  const copy = memory.bytes.slice(message, message + size)
  exports.release(message)
  return copy
}

/** Reads a reply; `finish` gets its status and the address of what wasm/answer.c makes of it, and what it returns is returned. */
export function readMessage<T>(message: Uint8Array, finish: (status: number, answer: number) => T): T {
  const { exports, memory, searches } = hubModule()
  const pointer = exports.allocate(message.length + 1) >>> 0
  if (pointer === 0) throw rawError(ARES_ENOMEM, gaierror)
  memory.bytes.set(message, pointer)
  let result: { value: T } | { error: unknown } | undefined
  const searcher: Searcher = {
    resolved(status, answer) {
      try {
        result = { value: finish(status, answer) }
      } catch (error) {
        result = { error }
      }
    },
  }
  exports.message_read(searches.add(searcher), pointer, message.length)
  exports.release(pointer)
  if ("error" in result!) throw result.error
  return result!.value
}
