import { host } from "#host"
import type { Descriptor } from "../host/descriptor.ts"
import { bytesOf, isBytes, type Bytes } from "./bytes.ts"
import { SO_ERROR, SOL_SOCKET } from "./constants.ts"
import { checked } from "./endpoint.ts"

/** Sets an option of a socket. @throws as `Socket.setsockopt`. */
export function setOption(descriptor: Descriptor, level: number, name: number, value: number | boolean | Bytes): void {
  if (isBytes(value)) {
    checked(descriptor.setOptionBytes(level, name, bytesOf(value)), "setsockopt")
    return
  }
  if (typeof value !== "number" && typeof value !== "boolean") {
    throw new TypeError(`an option must be a number, a boolean or bytes, not ${String(value)}`)
  }
  if (!Number.isInteger(Number(value))) throw new RangeError(`an option must be a whole number, not ${value}`)
  checked(descriptor.setOption(level, name, Number(value)), "setsockopt")
}

/** Reads an option of a socket. @throws as `Socket.getsockopt`. */
export function getOption(descriptor: Descriptor, level: number, name: number): number {
  const value = checked(descriptor.getOption(level, name), "getsockopt")
  return level === SOL_SOCKET && name === SO_ERROR && value !== 0 ? host.systemErrno(value) : value
}
