import { host } from "#host"
import { descriptors } from "../core/descriptors.ts"
import { need, SocketError } from "../exceptions.ts"
import type { Flow } from "../flow.ts"
import { E } from "../host/errno.ts"
import type { Wait } from "../wait.ts"
import { Accept, takeConnection } from "./accept.ts"
import {
  addressToBind,
  checkAddressOf,
  describeAddress,
  fromAddress,
  type AnyAddress,
  type SocketAddress,
} from "./address.ts"
import { bytesOf, checkSize, limited, type Bytes, type Data } from "./bytes.ts"
import { Connect, ConnectEx } from "./connect.ts"
import { AF_INET, MSG_PEEK, SHUT_RD, SHUT_WR, SOCK_STREAM, SOMAXCONN } from "./constants.ts"
import { checkTimeout, getdefaulttimeout } from "./deadline.ts"
import { checked, Endpoint } from "./endpoint.ts"
import { checkKind, familyName, openedSocket, openSocket } from "./kind.ts"
import { checkRecvFlags, checkSendFlags } from "./flags.ts"
import {
  checkControl,
  gather,
  scatter,
  writables,
  type ControlMessage,
  type Message,
  type MessageInto,
} from "./message.ts"
import { SocketFile, type MakefileOptions } from "./makefile.ts"
import { getOption, setOption } from "./option.ts"
import { Recv, RecvInto } from "./recv.ts"
import { beginning, messageFlags, Recvfrom, sender } from "./recvfrom.ts"
import { Send, Sendall } from "./send.ts"
import { sendfile, type SendableFile } from "./sendfile.ts"
import { Sendto } from "./sendto.ts"

/**
 * A TCP, UDP or unix socket. Calls that have to wait let other greenlets run; they return a Wait, for `yield*` in a greenlet and `await`
 * anywhere else. One greenlet may receive while another sends.
 *
 * Every call on a closed socket throws a SocketError with code EBADF. gevent: `gevent.socket.socket`.
 *
 * @example
 * ```ts
 * import { run } from "gevent-wasm"
 * import { Socket } from "gevent-wasm/socket"
 * await run(function* () {
 *   using listener = new Socket()
 *   listener.bind(["127.0.0.1", 0])
 *   listener.listen()
 *   using client = new Socket()
 *   yield* client.connect(listener.getsockname())
 *   const [server, address] = yield* listener.accept()
 *   using connection = server
 *   yield* client.sendall("hello")
 *   console.log(address[0], (yield* connection.recv(100)).length) // 127.0.0.1 5
 * })
 * ```
 */
export class Socket implements Disposable {
  /** AF_INET, AF_INET6 or AF_UNIX. */
  readonly family: number
  /** SOCK_STREAM or SOCK_DGRAM. */
  readonly type: number
  /** The protocol that was asked for; 0 is the family's own. */
  readonly proto: number
  /** Its descriptor and who waits for it; for the other parts of this library. */
  readonly endpoint: Endpoint

  /**
   * @param fileno - The number of an open socket to take over, as `detach()` returned it; without it there is a new one.
   * @throws {SocketError} EAFNOSUPPORT or EPROTONOSUPPORT for a kind that there is not, EMFILE when there are too many,
   *   EBADF when `fileno` is not open, ENOTSOCK when it is no socket. {TypeError} for what is no number.
   */
  constructor(family: number = AF_INET, type: number = SOCK_STREAM, proto = 0, fileno: number | null = null) {
    checkKind(family, type, proto)
    this.family = family
    this.type = type
    this.proto = proto
    const fd = fileno ?? openSocket(family, type)
    const descriptor = openedSocket(fd, "socket")
    this.endpoint = new Endpoint(fd, descriptor, getdefaulttimeout())
  }

  /** Its number in the fd table; -1 once it is closed or detached. */
  fileno(): number {
    return this.endpoint.fd
  }

  /** Whether it was closed or detached. */
  get closed(): boolean {
    return this.endpoint.fd < 0
  }

  /** Whether a greenlet that waits for it keeps the loop alive; may change at any time. Default true. */
  get ref(): boolean {
    return this.endpoint.input.ref
  }

  set ref(value: boolean) {
    this.endpoint.input.ref = this.endpoint.output.ref = value
  }

  /**
   * Gives it a local address; port 0 lets the system choose one, the empty host is any address. The file of a unix socket
   * appears, and stays when the socket is closed; the empty path is an abstract name of the system's choice.
   *
   * @param address - A numeric host, `""` or `"localhost"`, and a port; of a unix socket the path.
   * @throws {SocketError} EADDRINUSE, EADDRNOTAVAIL, EACCES, ENOENT, ENAMETOOLONG; EINVAL when it has one.
   * @throws {TypeError} {RangeError} for no address.
   */
  bind(address: AnyAddress): void {
    const descriptor = this.endpoint.live("bind")
    need("listen", "bind")
    checkAddressOf(this.family, address)
    checked(descriptor.bind(addressToBind(this.family, address)), "bind")
  }

  /**
   * Waits for connections from now on: `accept` takes them.
   *
   * @param backlog - How many may wait in the system; a wish.
   * @throws {SocketError} EADDRINUSE; EINVAL when it is connected.
   */
  listen(backlog: number = SOMAXCONN): void {
    checkSize(backlog)
    const descriptor = this.endpoint.live("listen")
    need("listen", "listen")
    checked(descriptor.listen(backlog), "listen")
  }

  /**
   * Waits for a connection. A connection is never lost: who is killed while waiting has taken none.
   *
   * @returns The connection, with the default timeout, and the peer's address: `["", 0]` when it has gone already.
   * @throws {SocketError} EINVAL unless it listens. {SocketTimeout}
   */
  accept(): Wait<[Socket, SocketAddress]> {
    return new Accept(this.endpoint, (fd) => this.adopt(fd))
  }

  /**
   * Takes a connection that waits already; null when there is none. It never waits, so callbacks of the loop may use it.
   *
   * @throws {SocketError} as `accept`. gevent: `socket._accept()`.
   */
  acceptNow(): [Socket, SocketAddress] | null {
    const accepted = takeConnection(this.endpoint.live("accept"))
    return accepted === null ? null : [this.adopt(accepted.fd), accepted.address]
  }

  /**
   * Connects. A name is looked up first, and the first of its addresses is used; see also `createConnection`.
   *
   * @throws {SocketError} ECONNREFUSED, EHOSTUNREACH …; EISCONN when it is connected. {SocketTimeout}; the time includes the
   *   look-up. {gaierror} when there is no such name. {TypeError} {RangeError} for no address, at the call.
   */
  connect(address: AnyAddress): Wait<void> {
    checkAddressOf(this.family, address)
    return new Connect(this.endpoint, this.family, address)
  }

  /**
   * As `connect`, but returns the number of a SocketError instead of throwing it. gevent: `connect_ex`.
   *
   * @returns 0, or the `errno` that the error would have; that of EAGAIN when the timeout has passed.
   * @throws the host's error when there is no such name; {TypeError} {RangeError} for no address, at the call.
   */
  connectEx(address: AnyAddress): Wait<number> {
    checkAddressOf(this.family, address)
    return new ConnectEx(this.endpoint, this.family, address)
  }

  /**
   * Takes the address of `connect` back: datagrams go to and come from anybody again.
   *
   * @throws {SocketError} ENOTSUP unless it is a datagram socket.
   */
  disconnect(): void {
    checked(this.endpoint.live("disconnect").disconnect(), "disconnect")
  }

  /**
   * Waits for bytes, or for a datagram.
   *
   * @param size - How many bytes at most; the rest of a longer datagram is lost.
   * @param flags - MSG_PEEK leaves there what is received, MSG_DONTWAIT throws EAGAIN instead of waiting.
   * @returns Some bytes, which are the caller's; none at the end of the stream, or of an empty datagram.
   * @throws {SocketError} ECONNRESET, after what came before it was received; ECONNREFUSED when the peer of a connected datagram
   *   socket is not there, on hosts that hear of it. ENOTSUP for other flags, at the call. {SocketTimeout}
   */
  recv(size: number, flags = 0): Wait<Uint8Array> {
    checkSize(size)
    checkRecvFlags(flags, "recv")
    if ((flags & MSG_PEEK) === 0) return new Recv(this.endpoint, size, flags)
    return new Recvfrom(this.endpoint, "recv", size, flags, (received) => beginning(received, size))
  }

  /**
   * Waits for bytes, or for a datagram, and puts them into a buffer. gevent: `recv_into`.
   *
   * @param size - How many bytes at most; 0 is the size of the buffer.
   * @returns How many bytes; 0 at the end of the stream, or of an empty datagram.
   * @throws as `recv`; {RangeError} when the buffer is too small.
   */
  recvInto(buffer: Bytes, size = 0, flags = 0): Wait<number> {
    const into = limited(buffer, size)
    checkRecvFlags(flags, "recv")
    if ((flags & MSG_PEEK) === 0) return new RecvInto(this.endpoint, into, flags)
    return new Recvfrom(this.endpoint, "recv", into.length, flags, ({ data }) => scatter(data, [into]))
  }

  /**
   * As `recv`, and says who sent it.
   *
   * @returns The bytes and the address of the sender; null for a stream.
   * @throws as `recv`.
   */
  recvfrom(size: number, flags = 0): Wait<[data: Uint8Array, address: SocketAddress | null]> {
    checkSize(size)
    checkRecvFlags(flags, "recvfrom")
    return new Recvfrom(this.endpoint, "recvfrom", size, flags, (received) => [
      beginning(received, size),
      sender(received),
    ])
  }

  /**
   * As `recvInto`, and says who sent it. gevent: `recvfrom_into`.
   *
   * @returns How many bytes, and the address of the sender; null for a stream.
   * @throws as `recvInto`.
   */
  recvfromInto(buffer: Bytes, size = 0, flags = 0): Wait<[count: number, address: SocketAddress | null]> {
    const into = limited(buffer, size)
    checkRecvFlags(flags, "recvfrom")
    return new Recvfrom(this.endpoint, "recvfrom", into.length, flags, (received) => [
      scatter(received.data, [into]),
      sender(received),
    ])
  }

  /**
   * Waits for bytes, or for a datagram, and says all there is to know about it. gevent: `recvmsg`.
   *
   * @param size - How many bytes at most.
   * @param ancbufsize - Bytes of room for control messages. Hosts have none, so that none ever comes.
   * @returns The bytes, an empty list, MSG_TRUNC when a datagram was longer or 0, and the sender; null for a stream.
   * @throws as `recv`.
   */
  recvmsg(size: number, ancbufsize = 0, flags = 0): Wait<Message> {
    checkSize(size)
    checkSize(ancbufsize)
    checkRecvFlags(flags, "recvmsg")
    return new Recvfrom(this.endpoint, "recvmsg", size, flags, (received) => [
      beginning(received, size),
      [],
      messageFlags(received, size),
      sender(received),
    ])
  }

  /**
   * As `recvmsg`, and puts the bytes into several buffers, one after the other. gevent: `recvmsg_into`.
   *
   * @returns How many bytes, an empty list, MSG_TRUNC when a datagram was longer or 0, and the sender; null for a stream.
   * @throws as `recv`.
   */
  recvmsgInto(buffers: readonly Bytes[], ancbufsize = 0, flags = 0): Wait<MessageInto> {
    const parts = writables(buffers)
    checkSize(ancbufsize)
    checkRecvFlags(flags, "recvmsg")
    const size = parts.reduce((sum, { length }) => sum + length, 0)
    return new Recvfrom(this.endpoint, "recvmsg", size, flags, (received) => [
      scatter(received.data, parts),
      [],
      messageFlags(received, size),
      sender(received),
    ])
  }

  /**
   * Sends some of the bytes, or a datagram, and waits until that is possible.
   *
   * @param data - Bytes, or a text that goes as UTF-8.
   * @param flags - MSG_DONTWAIT throws EAGAIN instead of waiting.
   * @returns How many bytes were taken.
   * @throws {SocketError} EPIPE, ECONNRESET; EDESTADDRREQ for a datagram socket that is not connected, EMSGSIZE for a datagram
   *   that is too large. ENOTSUP for other flags, at the call. {SocketTimeout}
   */
  send(data: Data, flags = 0): Wait<number> {
    checkSendFlags(flags, "send")
    return new Send(this.endpoint, bytesOf(data), flags)
  }

  /**
   * Sends a datagram to an address. A name is looked up first, and the first of its addresses is used. A stream ignores the address.
   *
   * @param data - Bytes, or a text that goes as UTF-8.
   * @param flags - As `send`; may be left out.
   * @returns How many bytes were taken: all.
   * @throws {SocketError} EMSGSIZE when it is too large, EISCONN when the socket is connected to another address, EACCES for a
   *   broadcast without SO_BROADCAST, ENETUNREACH …. The host's error when there is no such name. {SocketTimeout}
   * @throws {TypeError} {RangeError} for no address, at the call.
   */
  sendto(data: Data, address: AnyAddress): Wait<number>
  sendto(data: Data, flags: number, address: AnyAddress): Wait<number>
  sendto(data: Data, flagsOrAddress: number | AnyAddress, last?: AnyAddress): Wait<number> {
    const flags = typeof flagsOrAddress === "number" ? flagsOrAddress : 0
    const address = typeof flagsOrAddress === "number" ? last! : flagsOrAddress
    checkAddressOf(this.family, address)
    checkSendFlags(flags, "sendto")
    return new Sendto(this.endpoint, "sendto", this.family, bytesOf(data), address, flags)
  }

  /**
   * Sends several buffers as one datagram, or as bytes of a stream, which may take a part of them.
   *
   * @param ancdata - Control messages; hosts have none.
   * @param flags - As `send`.
   * @param address - Where to; null for a socket that is connected.
   * @returns How many bytes were taken.
   * @throws {SocketError} as `send` and `sendto`; ENOTSUP for a control message, at the call.
   */
  sendmsg(
    buffers: readonly Data[],
    ancdata: readonly ControlMessage[] = [],
    flags = 0,
    address: AnyAddress | null = null,
  ): Wait<number> {
    const bytes = gather(buffers, this.type === SOCK_STREAM)
    if (address !== null) checkAddressOf(this.family, address)
    checkControl(ancdata, "sendmsg")
    checkSendFlags(flags, "sendmsg")
    if (address === null) return new Send(this.endpoint, bytes, flags)
    return new Sendto(this.endpoint, "sendmsg", this.family, bytes, address, flags)
  }

  /**
   * Sends all of the bytes, or one datagram. They must not change meanwhile. The timeout is for the call as a whole; after an
   * error it is not known how many were sent.
   *
   * @param data - Bytes, or a text that goes as UTF-8.
   * @param flags - As `send`.
   * @throws as `send`.
   */
  sendall(data: Data, flags = 0): Wait<void> {
    checkSendFlags(flags, "send")
    return new Sendall(this.endpoint, bytesOf(data), flags)
  }

  /**
   * Sends a file from an offset on, and leaves its position behind what was sent.
   *
   * @param file - Has `read(size)`, which returns bytes or a wait for bytes, and `seek(offset)` when an offset is given.
   * @param offset - Bytes to begin at.
   * @param count - How many bytes; null sends all.
   * @returns How many bytes were sent.
   * @throws {SocketError} as `sendall`, {RangeError} for a file in text mode, a socket with timeout 0 and a bad offset or count,
   *   {TypeError} for what is no file or number.
   */
  sendfile(file: SendableFile, offset = 0, count: number | null = null): Flow<number> {
    return sendfile(this, file, offset, count)
  }

  /**
   * A file that reads from the socket, writes to it, or both: it has lines, buffers and text. The connection ends when the socket and
   * all its files are closed, in whatever order. The socket's timeout limits the file's calls, too, and what was read before it
   * passed is not lost.
   *
   * gevent: `socket.makefile(mode='r', buffering=None, *, encoding=None, errors=None, newline=None)`.
   *
   * @param mode - `r`, `w` or `rw`, and `b` for bytes.
   * @throws {TypeError} for a wrong type, {RangeError} for another mode, for text without a buffer and for other wrong values.
   * @throws {SocketError} EMFILE when there are too many descriptors.
   * @example
   * ```ts
   * import { run } from "gevent-wasm"
   * import { createConnection } from "gevent-wasm/socket"
   * await run(function* () {
   *   using socket = yield* createConnection(["example.org", 80])
   *   yield* socket.sendall("HEAD / HTTP/1.0\r\nHost: example.org\r\n\r\n")
   *   using file = socket.makefile("r", { newline: "\r\n" })
   *   yield* file.each((line) => console.log(line.trimEnd()))
   * })
   * ```
   */
  makefile<M extends string = "r">(mode: M = "r" as M, options: MakefileOptions = {}): SocketFile<M> {
    return new SocketFile(this.endpoint, mode, options)
  }

  /**
   * Ends receiving (SHUT_RD), sending (SHUT_WR) or both (SHUT_RDWR). Who waits for that in another greenlet gets EBADF.
   *
   * @throws {SocketError} ENOTCONN unless it is connected, EINVAL for another number.
   */
  shutdown(how: number): void {
    const { endpoint } = this
    const descriptor = endpoint.live("shutdown")
    if (how !== 0 && how !== 1 && how !== 2) throw new SocketError(E.INVAL, "shutdown")
    if (how !== SHUT_WR) endpoint.input.close()
    if (how !== SHUT_RD) endpoint.output.close()
    checked(descriptor.shutdown(how), "shutdown")
  }

  /** Closes it; what was sent is still delivered. Who waits for it gets EBADF. A second call does nothing. */
  close(): void {
    this.endpoint.close()
  }

  /** `using` closes it. */
  [Symbol.dispose](): void {
    this.endpoint.close()
  }

  /** Gives up its number without closing it, and returns it. Who waits for the socket gets EBADF. */
  detach(): number {
    return this.endpoint.release()
  }

  /**
   * Another socket for the same connection, with a number and waits of its own. The connection ends with the last one.
   *
   * @throws {SocketError} EMFILE when there are too many.
   */
  dup(): Socket {
    const copy = this.adopt(checked(descriptors.install(this.endpoint.live("dup")), "dup"))
    copy.settimeout(this.gettimeout())
    return copy
  }

  /** Its own address. */
  getsockname(): SocketAddress {
    const address = this.endpoint.live("getsockname").localAddress()
    if (typeof address === "number") throw new SocketError(address, "getsockname")
    return fromAddress(address)
  }

  /** The peer's address. @throws {SocketError} ENOTCONN unless it is connected. */
  getpeername(): SocketAddress {
    const address = this.endpoint.live("getpeername").peerAddress()
    if (typeof address === "number") throw new SocketError(address, "getpeername")
    return fromAddress(address)
  }

  /**
   * Sets an option.
   *
   * @param level - SOL_SOCKET, IPPROTO_TCP or IPPROTO_IPV6.
   * @param value - A number; false is 0 and true 1. Bytes for an option that is a struct in C, such as IP_ADD_MEMBERSHIP.
   * @throws {SocketError} ENOPROTOOPT for an option that cannot be set here. {TypeError} for another type of value,
   *   {RangeError} for a number that is not whole.
   */
  setsockopt(level: number, name: number, value: number | boolean | Bytes): void {
    setOption(this.endpoint.live("setsockopt"), level, name, value)
  }

  /**
   * Reads an option. SO_ERROR is the number that a SocketError has as `errno`, and 0 without an error.
   *
   * @throws {SocketError} ENOPROTOOPT for an option that there is not.
   */
  getsockopt(level: number, name: number): number {
    return getOption(this.endpoint.live("getsockopt"), level, name)
  }

  /**
   * Limits the time of each call from now on.
   *
   * @param seconds - null: no limit. 0: calls never wait, and throw EAGAIN where they would.
   * @throws {TypeError} unless it is a number or null, {RangeError} for a negative number.
   */
  settimeout(seconds: number | null): void {
    checkTimeout(seconds)
    this.endpoint.timeout = seconds
  }

  /** The timeout in seconds; null = none. */
  gettimeout(): number | null {
    return this.endpoint.timeout
  }

  /** `setblocking(true)` is `settimeout(null)`, and `setblocking(false)` is `settimeout(0)`. */
  setblocking(flag: boolean): void {
    this.settimeout(flag ? null : 0)
  }

  /** Whether calls wait: the timeout is not 0. */
  getblocking(): boolean {
    return this.endpoint.timeout !== 0
  }

  /** Whether processes that are started get it: they never do. gevent: `get_inheritable`. */
  getInheritable(): boolean {
    this.endpoint.live("getInheritable")
    return false
  }

  /** Has to stay false. gevent: `set_inheritable`. @throws {SocketError} ENOTSUP for true: no host hands a socket to a process. */
  setInheritable(inheritable: boolean): void {
    this.endpoint.live("setInheritable")
    if (inheritable) throw new SocketError(E.NOTSUP, "setInheritable")
  }

  /** What the console shows. */
  toString(): string {
    const family = familyName(this.family)
    if (this.closed) return `<Socket closed ${family}>`
    const { descriptor, fd } = this.endpoint
    const [local, peer] = [descriptor.localAddress(), descriptor.peerAddress()].map(describeAddress)
    return `<Socket fd=${fd} ${family} ${local}${peer === "" ? "" : ` -> ${peer}`}>`
  }

  [host.inspect](): string {
    return this.toString()
  }

  private adopt(fd: number): Socket {
    return new Socket(this.family, this.type, this.proto, fd)
  }
}
