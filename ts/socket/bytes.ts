/** Bytes in memory: a view, or a whole buffer, which other threads may share. */
export type Bytes = ArrayBufferView | ArrayBufferLike

/** What can be sent: bytes, or a text that goes as UTF-8. */
export type Data = string | Bytes

const encoder = new TextEncoder()

/** The bytes of what is to be sent. @throws {TypeError} for another type. */
export function bytesOf(data: Data): Uint8Array {
  if (data instanceof Uint8Array) return data
  if (typeof data === "string") return encoder.encode(data)
  if (isBytes(data)) return viewOf(data)
  throw new TypeError(`data must be a string or bytes, not ${data === null ? "null" : typeof data}`)
}

/** The writable bytes of a buffer. @throws {TypeError} for another type. */
export function writable(buffer: Bytes): Uint8Array {
  if (buffer instanceof Uint8Array) return buffer
  if (isBytes(buffer)) return viewOf(buffer)
  throw new TypeError(
    `a buffer must be an ArrayBuffer or a view of one, not ${buffer === null ? "null" : typeof buffer}`,
  )
}

/** Whether it is bytes in memory. */
export function isBytes(value: unknown): value is Bytes {
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return true
  return typeof SharedArrayBuffer === "function" && value instanceof SharedArrayBuffer
}

function viewOf(bytes: Bytes): Uint8Array {
  return ArrayBuffer.isView(bytes)
    ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    : new Uint8Array(bytes)
}

/**
 * The writable bytes of a buffer up to a size; 0 is all.
 *
 * @throws {TypeError} for another type, {RangeError} when the buffer is too small.
 */
export function limited(buffer: Bytes, size: number): Uint8Array {
  const bytes = writable(buffer)
  checkSize(size)
  if (size > bytes.length) throw new RangeError(`the buffer has ${bytes.length} bytes, too few for ${size}`)
  return size === 0 ? bytes : bytes.subarray(0, size)
}

/** Throws unless it is a number of bytes. @throws {TypeError} for another type, {RangeError} for a number that is none. */
export function checkSize(size: number): void {
  if (typeof size !== "number") throw new TypeError(`a size must be a number of bytes, not ${String(size)}`)
  if (!Number.isInteger(size) || size < 0) throw new RangeError(`a size must be a whole number from 0 on, not ${size}`)
}
