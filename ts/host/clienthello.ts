const HEADER = 5
const HANDSHAKE = 22
const CLIENT_HELLO = 1
const SERVER_NAME = 0
const HOST_NAME = 0
// Nobody's greeting is longer; whoever sends more without an end wants our memory.
const LONGEST = 65536

const ascii = new TextDecoder("latin1")

/**
 * The first message of a TLS client, as it comes in: it tells which name the client asks for.
 *
 * @example
 * ```ts
 * const hello = new ClientHello()
 * if (hello.add(chunk)) hello.serverName // "example.org"
 * ```
 */
export class ClientHello {
  /** The name that the client asks for; null for none. */
  serverName: string | null = null
  private bytes = new Uint8Array(0)

  /** All that came in. */
  get received(): Uint8Array {
    return this.bytes
  }

  /** Takes more of it; whether it is complete, or none and never will be. */
  add(chunk: Uint8Array): boolean {
    const bytes = new Uint8Array(this.bytes.length + chunk.length)
    bytes.set(this.bytes)
    bytes.set(chunk, this.bytes.length)
    this.bytes = bytes
    const message = this.message()
    if (message === undefined) return false
    if (message !== null) this.serverName = findName(message)
    return true
  }

  /** The handshake message, out of its records; undefined when some is missing, null when it is something else. */
  private message(): Uint8Array | null | undefined {
    const { bytes } = this
    const parts: Uint8Array[] = []
    let size = 0
    for (let at = 0; ;) {
      if (bytes.length > LONGEST) return null
      if (at < bytes.length && bytes[at] !== HANDSHAKE) return null
      if (at + HEADER > bytes.length) return undefined
      const length = (bytes[at + 3]! << 8) | bytes[at + 4]!
      if (length === 0) return null
      const part = bytes.subarray(at + HEADER, at + HEADER + length)
      parts.push(part)
      size += part.length
      if (parts[0]!.length > 0 && parts[0]![0] !== CLIENT_HELLO) return null
      if (size >= 4) {
        const all = concat(parts, size)
        const end = 4 + ((all[1]! << 16) | (all[2]! << 8) | all[3]!)
        if (end > LONGEST) return null
        if (size >= end) return all.subarray(4, end)
      }
      if (part.length < length) return undefined
      at += HEADER + length
    }
  }
}

/** The name in a greeting; null when it has none or is damaged. */
function findName(hello: Uint8Array): string | null {
  const view = new DataView(hello.buffer, hello.byteOffset, hello.length)
  try {
    let at = 2 + 32 // version, random
    at += 1 + view.getUint8(at) // session
    at += 2 + view.getUint16(at) // ciphers
    at += 1 + view.getUint8(at) // compression
    const end = at + 2 + view.getUint16(at)
    for (at += 2; at < end;) {
      const type = view.getUint16(at)
      const length = view.getUint16(at + 2)
      at += 4
      if (type === SERVER_NAME && view.getUint8(at + 2) === HOST_NAME) {
        const size = view.getUint16(at + 3)
        if (5 + size > length || at + 5 + size > hello.length) return null
        return ascii.decode(hello.subarray(at + 5, at + 5 + size))
      }
      at += length
    }
  } catch {
    // it ends too early: the host refuses it
  }
  return null
}

function concat(parts: readonly Uint8Array[], size: number): Uint8Array {
  const all = new Uint8Array(size)
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}
