import { host } from "#host"
import { NotSupportedError, SocketError } from "../exceptions.ts"
import { Flow } from "../flow.ts"
import type { Descriptor } from "../host/descriptor.ts"
import { E } from "../host/errno.ts"
import type { Secure, SecureOptions } from "../host/secure.ts"
import type { AddressArgument, SocketAddress } from "../socket/address.ts"
import { bytesOf, checkSize, limited, writable, type Data } from "../socket/bytes.ts"
import { SO_ACCEPTCONN, SOL_SOCKET } from "../socket/constants.ts"
import { Socket } from "../socket/socket.ts"
import type { BlockingCall, Wait } from "../wait.ts"
import { describeCertificate, type CertificateInfo } from "./certificate.ts"
import { cipherOf, type Cipher } from "./cipher.ts"
import { CERT_NONE, CERT_REQUIRED, CHANNEL_BINDING_TYPES } from "./constants.ts"
import type { SSLContext } from "./context.ts"
import { Handshake } from "./handshake.ts"
import { Read, ReadInto } from "./read.ts"
import { choose } from "./servername.ts"
import { checkNoFlags, StreamOnlySocket } from "./streamonly.ts"
import { Unwrap } from "./unwrap.ts"
import type { WrapOptions } from "./wrap.ts"
import { Write, WriteAll } from "./write.ts"

/**
 * A socket with TLS, made by `SSLContext.wrapSocket`. It has the calls of a `Socket`, which send and receive what is sealed on
 * the way, and those of TLS. gevent: `ssl.SSLSocket`.
 *
 * @example
 * ```ts
 * import { createConnection } from "gevent-wasm/socket"
 * import { createDefaultContext } from "gevent-wasm/ssl"
 * const socket = await createConnection(["example.org", 443])
 * using secure = await createDefaultContext().wrapSocket(socket, { serverHostname: "example.org" })
 * await secure.sendall("HEAD / HTTP/1.0\r\nHost: example.org\r\n\r\n")
 * console.log(new TextDecoder().decode(await secure.recv(1024)))
 * ```
 */
export class SSLSocket extends StreamOnlySocket {
  /** Whether it is the server's end. gevent: `server_side`. */
  readonly serverSide: boolean
  /** The name that a client asked for and checks; null for none. gevent: `server_hostname`. */
  readonly serverHostname: string | null
  /** Whether the handshake is made by `connect` and `accept`. gevent: `do_handshake_on_connect`. */
  readonly doHandshakeOnConnect: boolean
  /** Whether a stream that the peer did not end in order ends like any other. gevent: `suppress_ragged_eofs`. */
  readonly suppressRaggedEofs: boolean
  private readonly unwraps: boolean
  private current: SSLContext
  private secure: Secure | null = null

  /**
   * @param socket - It is detached, and its number goes on here. Use `wrapSocket`, which checks the options.
   */
  constructor(socket: Socket, context: SSLContext, options: WrapOptions) {
    const timeout = socket.gettimeout()
    const connected = isConnected(socket.endpoint.live("wrap"))
    super(socket.family, socket.type, socket.proto, socket.detach())
    this.settimeout(timeout)
    this.current = context
    this.serverSide = options.serverSide ?? false
    this.serverHostname = options.serverHostname ?? null
    this.doHandshakeOnConnect = options.doHandshakeOnConnect ?? true
    this.suppressRaggedEofs = options.suppressRaggedEofs ?? true
    this.unwraps = options.unwrap ?? true
    if (connected) this.secureOrClose()
  }

  /** Whether it is connected, and wants its handshake made. */
  get handshakeDue(): boolean {
    return this.secure !== null && this.doHandshakeOnConnect
  }

  /**
   * Its context. A server's `sniCallback` may set another one, for its certificates. gevent: `context`.
   *
   * @throws {TypeError} for what is none.
   */
  get context(): SSLContext {
    return this.current
  }

  set context(context: SSLContext) {
    if (typeof (context as Partial<SSLContext> | null)?.wrapSocket !== "function") {
      throw new TypeError("The value must be a SSLContext")
    }
    this.current = context
  }

  /**
   * Makes the handshake, and waits for its end. The socket's timeout is for all of it. gevent: `do_handshake(block=False)`.
   *
   * @throws {SSLCertVerificationError} when the peer is not to be trusted, {SSLError}, {SSLEOFError} when the peer goes.
   * @throws {SSLWantReadError} with timeout 0: the handshake goes on, and the socket is readable and writable at its end.
   * @throws {SocketTimeout} {SocketError} ENOTCONN unless it is connected.
   */
  doHandshake(): Wait<void> {
    return new Handshake(this.endpoint, this.wrapped("handshake"))
  }

  /**
   * Waits for bytes. gevent: `read(len=1024, buffer=None)`.
   *
   * @param size - How many at most.
   * @param buffer - Puts them there, and returns their number.
   * @returns None at the end of the stream.
   * @throws {RangeError} at the call when TLS is over or has never begun. Else as `recv`.
   */
  read(size?: number): Wait<Uint8Array>
  read(size: number | undefined, buffer: ArrayBufferView): Wait<number>
  read(size?: number, buffer?: ArrayBufferView): Wait<Uint8Array> | Wait<number> {
    if (this.closed || this.layer() === null) throw new RangeError("Read on closed or unwrapped SSL socket.")
    if (buffer === undefined) return this.recv(size ?? 1024)
    const target = writable(buffer)
    if (size !== undefined) checkSize(size)
    return this.recvInto(size === undefined ? target : target.subarray(0, size))
  }

  /**
   * Sends some of the bytes. gevent: `write(data)`.
   *
   * @returns How many bytes were taken.
   * @throws {RangeError} at the call when TLS is over or has never begun. Else as `send`.
   */
  write(data: Data): Wait<number> {
    if (this.closed || this.layer() === null) throw new RangeError("Write on closed or unwrapped SSL socket.")
    return this.send(data)
  }

  /**
   * Waits for bytes.
   *
   * @param size - How many at most.
   * @param flags - 0, once there is TLS.
   * @returns None at the end of the stream.
   * @throws {SSLError} {SSLWantReadError} with timeout 0. {SSLEOFError} unless `suppressRaggedEofs`. {SocketTimeout}
   * @throws {RangeError} for flags, at the call.
   */
  override recv(size: number, flags = 0): Wait<Uint8Array> {
    const secure = this.layer()
    if (secure === null) return super.recv(size, flags)
    checkSize(size)
    checkNoFlags(flags, "recv")
    return new Read(this.endpoint, secure, this.suppressRaggedEofs, size)
  }

  /** As `recv`, into a buffer: how many bytes, 0 at the end. A size of 0 is that of the buffer. gevent: `recv_into`. */
  override recvInto(buffer: ArrayBufferView, size = 0, flags = 0): Wait<number> {
    const secure = this.layer()
    if (secure === null) return super.recvInto(buffer, size, flags)
    const into = limited(buffer, size)
    checkNoFlags(flags, "recvInto")
    return new ReadInto(this.endpoint, secure, this.suppressRaggedEofs, into)
  }

  /**
   * Sends some of the bytes, and waits until that is possible.
   *
   * @param flags - 0, once there is TLS.
   * @returns How many bytes were taken.
   * @throws {SSLError} {SSLWantWriteError} with timeout 0. {SSLZeroReturnError} when TLS was ended. {SocketTimeout}
   * @throws {RangeError} for flags, at the call.
   */
  override send(data: Data, flags = 0): Wait<number> {
    const secure = this.layer()
    if (secure === null) return super.send(data, flags)
    checkNoFlags(flags, "send")
    return new Write(this.endpoint, secure, bytesOf(data))
  }

  /** Sends all of the bytes. @throws as `send`. */
  override sendall(data: Data, flags = 0): Wait<void> {
    const secure = this.layer()
    if (secure === null) return super.sendall(data, flags)
    checkNoFlags(flags, "sendall")
    return new WriteAll(this.endpoint, secure, bytesOf(data))
  }

  /** Connects, and makes the handshake if `doHandshakeOnConnect`. @throws as `Socket.connect` and `doHandshake`. */
  override connect(address: AddressArgument): Wait<void> {
    this.checkClient()
    this.endpoint.live("connect")
    if (this.secure !== null) throw new SocketError(E.ISCONN, "connect")
    const connecting = super.connect(address)
    // what is returned waits twice; to its caller it is one wait
    return new Flow(() => this.connectAndSecure(connecting)) as unknown as Wait<void>
  }

  /**
   * As `connect`, but returns the number of an error of the connection instead of throwing it. gevent: `connect_ex`.
   *
   * @throws as `Socket.connectEx`. Those of `doHandshake` when the connection is there and TLS is not; it is closed then.
   */
  override connectEx(address: AddressArgument): Wait<number> {
    this.checkClient()
    const connecting = super.connectEx(address)
    return new Flow(() => this.connectAndSecure(connecting)) as unknown as Wait<number>
  }

  /**
   * Waits for a connection at a socket that listens, and wraps it with the same options. The handshake is made if
   * `doHandshakeOnConnect`: others wait for that, so a server wraps in its handlers instead (see `StreamServer`).
   *
   * @throws as `Socket.accept` and `doHandshake`; the connection is closed then.
   */
  override accept(): Wait<[SSLSocket, SocketAddress]> {
    const accepting = super.accept()
    return new Flow(() => this.acceptAndSecure(accepting)) as unknown as Wait<[SSLSocket, SocketAddress]>
  }

  /**
   * Takes and wraps a connection that waits already; null when there is none. It never waits: the handshake begins with the
   * first call of the connection.
   *
   * @throws {SocketError} as `accept`. gevent: `socket._accept()`.
   */
  override acceptNow(): [SSLSocket, SocketAddress] | null {
    const accepted = super.acceptNow()
    return accepted === null ? null : [this.wrapAccepted(accepted[0]), accepted[1]]
  }

  /**
   * Ends TLS in good order, waits for the peer to do so, and returns a plain socket with the number. This one is detached then.
   * gevent: `unwrap()`.
   *
   * @throws {RangeError} at the call when there is no TLS. {SocketError} ENOTSUP at the call when the option `unwrap` is false,
   *   as it is for a server's connections unless it is asked for.
   * @throws {SSLError} when the peer sends data instead, {SSLEOFError} when it goes. {SSLWantReadError} with timeout 0.
   *   {SocketTimeout}
   */
  unwrap(): Wait<Socket> {
    const { endpoint, secure } = this
    if (this.closed || secure === null) throw new RangeError(`No SSL wrapper around ${String(this)}`)
    if (!this.unwraps) {
      throw new SocketError(
        E.NOTSUP,
        "unwrap",
        "the socket was wrapped with the option unwrap: false; ask for unwrap: true",
      )
    }
    return new Unwrap(endpoint, secure, (descriptor) => {
      endpoint.exchange(descriptor)
      this.secure = null
      const socket = new Socket(this.family, this.type, this.proto, this.detach())
      socket.settimeout(endpoint.timeout)
      return socket
    })
  }

  /**
   * The peer's certificate: as Python's dictionary, or its bytes. gevent: `getpeercert(binary_form=False)`.
   *
   * @param binaryForm - Returns the bytes in DER, whether it was verified or not.
   * @returns null when the peer has shown none; `{}` when it was not verified (CERT_NONE).
   * @throws {SocketError} ENOTCONN before the end of the handshake; ENOTSUP when this host does not tell it.
   */
  getpeercert(binaryForm?: false): CertificateInfo | Record<string, never> | null
  getpeercert(binaryForm: true): Uint8Array | null
  getpeercert(binaryForm = false): CertificateInfo | Record<string, never> | Uint8Array | null {
    const secure = this.wrapped("getpeercert")
    if (secure.session() === null) throw new SocketError(E.NOTCONN, "getpeercert", "handshake not done yet")
    const certificate = secure.peerCertificate()
    if (typeof certificate === "number") {
      throw new SocketError(certificate, "getpeercert", "this host does not tell the certificate")
    }
    if (certificate === null) return null
    if (binaryForm) return certificate.raw
    return this.current.verifyMode === CERT_NONE ? {} : describeCertificate(certificate)
  }

  /**
   * The cipher suite, the version that defined it, and its secret bits; null before the end of the handshake, and when this host does
   * not tell. gevent: `cipher()`.
   */
  cipher(): Cipher | null {
    return cipherOf(this.secure?.session() ?? null)
  }

  /** `"TLSv1.3"`; null before the end of the handshake, and when this host does not tell. gevent: `version()`. */
  version(): string | null {
    return this.secure?.session()?.version ?? null
  }

  /** The protocol that was agreed upon; null for none. gevent: `selected_alpn_protocol()`. */
  selectedAlpnProtocol(): string | null {
    return this.secure?.session()?.protocol ?? null
  }

  /** null: no host compresses. gevent: `compression()`. */
  compression(): null {
    return null
  }

  /**
   * Whether an earlier session was resumed; null before the end of the handshake, and when this host does not tell. gevent:
   * `session_reused`.
   */
  get sessionReused(): boolean | null {
    return this.secure?.session()?.resumed ?? null
  }

  /** How many bytes can be read without waiting. gevent: `pending()`. */
  pending(): number {
    return this.secure?.pending ?? 0
  }

  /**
   * Bytes that only the two ends know, to bind an authentication to this connection. gevent: `get_channel_binding(cb_type)`.
   *
   * @param type - `"tls-unique"`, or `"tls-exporter"` for TLS 1.3.
   * @returns null before the end of the handshake.
   * @throws {RangeError} for another type. {SocketError} ENOTSUP when this host does not tell them.
   */
  getChannelBinding(type: (typeof CHANNEL_BINDING_TYPES)[number] = "tls-unique"): Uint8Array | null {
    if (!CHANNEL_BINDING_TYPES.includes(type)) {
      throw new RangeError(
        `the type of a channel binding is ${CHANNEL_BINDING_TYPES.join(" or ")}, not ${String(type)}`,
      )
    }
    const bytes = this.secure?.channelBinding(type) ?? -E.NOTCONN
    if (typeof bytes !== "number") return bytes
    if (bytes === -E.NOTCONN) return null
    throw new SocketError(bytes, "getChannelBinding", `this host does not tell ${type}`)
  }

  /** What the console shows. */
  override toString(): string {
    return super.toString().replace(/^<Socket/, "<SSLSocket")
  }

  private checkClient(): void {
    if (this.serverSide) throw new RangeError("can't connect in server-side mode")
  }

  /** @param connecting - Comes to the number of an error, or to 0 or nothing when the connection is there. */
  private *connectAndSecure<T extends number | void>(
    connecting: Wait<T>,
  ): Generator<BlockingCall<unknown>, T, unknown> {
    const result = yield* connecting
    if (this.doHandshakeOnConnect && !result) yield* this.shakeOrClose()
    return result
  }

  private *acceptAndSecure(
    accepting: Wait<[Socket, SocketAddress]>,
  ): Generator<BlockingCall<unknown>, [SSLSocket, SocketAddress], unknown> {
    const [socket, address] = yield* accepting
    const accepted = this.wrapAccepted(socket)
    if (this.doHandshakeOnConnect) yield* accepted.shakeOrClose()
    return [accepted, address]
  }

  private wrapAccepted(socket: Socket): SSLSocket {
    const { serverSide, doHandshakeOnConnect, suppressRaggedEofs, unwraps: unwrap } = this
    return new SSLSocket(socket, this.current, { serverSide, doHandshakeOnConnect, suppressRaggedEofs, unwrap })
  }

  /** Makes the handshake; for the other parts of this library. A socket whose handshake fails or is interrupted is closed. */
  *shakeOrClose(): Generator<BlockingCall<unknown>, void, unknown> {
    let done = false
    try {
      yield* this.doHandshake()
      done = true
    } finally {
      if (!done) this.close()
    }
  }

  /** Puts TLS between the number and the connection. */
  private secureOrClose(): void {
    try {
      const inner = this.endpoint.descriptor
      const secure = host.secure(inner, this.secureOptions())
      if (typeof secure === "string") throw new NotSupportedError("tlsClient", "wrap", secure)
      if (typeof secure === "number") throw new SocketError(secure, "wrap")
      this.endpoint.exchange(secure)
      this.secure = secure
    } catch (error) {
      this.close()
      throw error
    }
  }

  private secureOptions(): SecureOptions {
    const { current, serverSide, unwraps: unwrap } = this
    const { verifyMode } = current
    return {
      server: serverSide,
      credentials: current.credentials,
      name: this.serverHostname ?? "",
      checkName: current.checkHostname,
      verify: verifyMode === CERT_NONE ? "none" : verifyMode === CERT_REQUIRED ? "required" : "optional",
      unwrap,
      ragged: !this.suppressRaggedEofs,
      protocols: current.alpnProtocols,
      choose: current.sniCallback === null ? undefined : (name) => choose(this, name),
    }
  }

  /** The TLS over the connection. @throws {SocketError} EBADF when it is closed, ENOTCONN when there is none. */
  private wrapped(syscall: string): Secure {
    this.endpoint.live(syscall)
    const secure = this.layer()
    if (secure === null) throw new SocketError(E.NOTCONN, syscall)
    return secure
  }

  /** The TLS over the connection; null when there is no connection. One that came up without waiting gets it here. */
  private layer(): Secure | null {
    if (this.secure === null && !this.closed && isConnected(this.endpoint.descriptor)) this.secureOrClose()
    return this.secure
  }
}

function isConnected(descriptor: Descriptor): boolean {
  // a peer that has gone has no name, but the connection is one
  return descriptor.peerAddress() !== -E.NOTCONN && descriptor.getOption(SOL_SOCKET, SO_ACCEPTCONN) !== 1
}
