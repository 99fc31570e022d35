/** What `opened` of a socket tells. */
export interface SocketInfo {
  readonly remoteAddress?: string
  readonly localAddress?: string
}

/** The part of a socket of `cloudflare:sockets` that is used here; what a worker's `connect` handler gets is one too. */
export interface Connection {
  readonly readable: ReadableStream
  readonly writable: WritableStream
  readonly opened: Promise<SocketInfo>
  readonly closed: Promise<void>
  close(): Promise<void>
  /** The same connection with TLS. Both streams have to be free: no reader, no writer. */
  startTls(): Connection
}

interface ReadableStream {
  getReader(): Reader
}

interface WritableStream {
  getWriter(): Writer
}

/** Reads chunks. */
export interface Reader {
  read(): Promise<{ done: boolean; value?: Uint8Array }>
  releaseLock(): void
}

/** Writes chunks. */
export interface Writer {
  write(chunk: Uint8Array): Promise<void>
  close(): Promise<void>
  releaseLock(): void
}

/** Whether it is what workerd hands to a `connect` handler. */
export function isInbound(value: unknown): value is Connection {
  const { opened, readable, writable } = Object(value) as Partial<Connection>
  return opened instanceof Promise && readable !== undefined && writable !== undefined
}
