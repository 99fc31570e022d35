import { host } from "#host"
import { MISSING, type Capabilities } from "./host/capabilities.ts"
import { E, errorMessage, errorName } from "./host/errno.ts"

/**
 * What `kill()` ends a greenlet with. It is not a failure: a greenlet that it ended is `successful()`, and its value is the
 * GreenletExit. In a generator greenlet it runs the `finally` blocks and cannot be caught; an async function gets it as the
 * rejection of what it awaits, and should let it pass: see {@link isKill}.
 *
 * gevent: `gevent.GreenletExit`.
 *
 * @example
 * ```ts
 * import { GreenletExit, sleep, spawn } from "gevent-wasm"
 * const sleeper = spawn(() => sleep(10))
 * await sleeper.kill()
 * console.log(sleeper.value instanceof GreenletExit) // true
 * ```
 */
export class GreenletExit extends Error {
  override name = "GreenletExit"
}

/**
 * Ends the program from any greenlet: it is thrown into MAIN, as Python's SystemExit is. gevent: `sys.exit(code)`.
 *
 * @example
 * ```ts
 * import { run, sleep, spawn, SystemExit } from "gevent-wasm"
 * await run(function* () {
 *   spawn(() => { throw new SystemExit(3) })
 *   yield* sleep(1)
 * }).catch((error) => console.log(error.code)) // 3
 * ```
 */
export class SystemExit extends Error {
  override name = "SystemExit"
  /** The exit code, or the message that was given. */
  readonly code: number | string

  constructor(code: number | string = 0) {
    super(String(code))
    this.code = code
  }
}

/**
 * Nothing is left that could ever wake the waiting MAIN. The message lists who is blocked on what.
 * gevent: `gevent.hub.LoopExit`.
 */
export class LoopExit extends Error {
  override name = "LoopExit"
}

/** A call that waits was made where nothing may wait: in a callback of the event loop. gevent: `gevent.hub.BlockingSwitchOutError`. */
export class BlockingSwitchOutError extends Error {
  override name = "BlockingSwitchOutError"

  constructor(message = "Impossible to call blocking function in the event loop callback") {
    super(message)
  }
}

/** A wait was woken by somebody whom it did not wait for. gevent: `gevent.exceptions.InvalidSwitchError`. */
export class InvalidSwitchError extends Error {
  override name = "InvalidSwitchError"
}

/** Two greenlets use at once what only one may use. gevent: `gevent.exceptions.ConcurrentObjectUseError`. */
export class ConcurrentObjectUseError extends Error {
  override name = "ConcurrentObjectUseError"
}

/** The hub was destroyed while somebody waited in it. gevent: `gevent.exceptions.HubDestroyed`. */
export class HubDestroyed extends Error {
  override name = "HubDestroyed"
}

/** An object of one thread was used in another. gevent: `gevent.exceptions.InvalidThreadUseError`. */
export class InvalidThreadUseError extends Error {
  override name = "InvalidThreadUseError"
}

/** A queue has no item, and one was not to be waited for, or for too long. gevent: `gevent.queue.Empty`. */
export class Empty extends Error {
  override name = "Empty"
}

/** A queue has no room, and it was not to be waited for, or for too long. gevent: `gevent.queue.Full`. */
export class Full extends Error {
  override name = "Full"
}

/** A pool has no room, and it was not to be waited for, or for too long. gevent: `gevent.pool.PoolFull`. */
export class PoolFull extends Full {
  override name = "PoolFull"
}

/** A queue was shut down: nothing more comes in, or, from an empty one, out. gevent: `gevent.queue.ShutDown`. */
export class ShutDown extends Error {
  override name = "ShutDown"
}

/**
 * The class itself, put into a queue, ends those who iterate over it; an instance is an item as any other. Python: `StopIteration`.
 *
 * @example
 * ```ts
 * import { Queue, StopIteration } from "gevent-wasm/queue"
 * const queue = new Queue<string>(null, ["a", "b", StopIteration])
 * for await (const item of queue) console.log(item)
 * ```
 */
export class StopIteration extends Error {
  override name = "StopIteration"
}

/**
 * A C program, or one of its green threads, ended abnormally: a trap, an exhausted stack, a deadlock. `cause` is the host's
 * error when there is one.
 */
export class ProgramError extends Error {
  override name = "ProgramError"
}

/**
 * A failed system call. `code` is its POSIX name and `errno` the number that the host's own errors have. gevent: `OSError`.
 *
 * @example
 * ```ts
 * import { SocketError } from "gevent-wasm/exceptions"
 * import { createConnection } from "gevent-wasm/socket"
 * try {
 *   await createConnection(["127.0.0.1", 1])
 * } catch (error) {
 *   console.log((error as SocketError).code) // ECONNREFUSED
 * }
 * ```
 */
export class SocketError extends Error {
  override name = "SocketError"
  /** `"ECONNREFUSED"`. */
  readonly code: string
  /** As the host's errors have it: -111 on Node. */
  readonly errno: number
  /** The call that failed, when it is known. */
  readonly syscall: string | undefined

  /**
   * @param errno - A WASI errno, positive or negated.
   * @param syscall - The call that failed.
   * @param message - Instead of the system's message.
   */
  constructor(errno: number, syscall?: string, message?: string) {
    const code = errorName(errno)
    super(`${syscall === undefined ? "" : `${syscall} `}${code}: ${message ?? errorMessage(errno)}`)
    this.code = code
    this.errno = host.systemErrno(Math.abs(errno))
    this.syscall = syscall
  }
}

/** A socket's timeout has passed. gevent: `socket.timeout`. */
export class SocketTimeout extends SocketError {
  override name = "SocketTimeout"
}

/** An error of a name search: what `gaierror` and `herror` have in common. */
abstract class NameError extends Error {
  /** The number that Python has for it; an ARES_ code, positive, for what only c-ares tells apart. */
  readonly errno: number
  /** What Node's dns errors have: `"ENOTFOUND"`, `"ETIMEOUT"` … */
  readonly code: string
  /** The text without the number. */
  readonly strerror: string

  constructor(errno: number, strerror: string, code: string) {
    super(`[Errno ${errno}] ${strerror}`)
    this.errno = errno
    this.strerror = strerror
    this.code = code
  }
}

/**
 * A name has no address, or none can be found out. `errno` is the system's EAI_ number (-2: no such name), or c-ares' own (12:
 * no server has answered in time). gevent: `socket.gaierror`.
 *
 * @example
 * ```ts
 * import { gaierror } from "gevent-wasm/exceptions"
 * import { getaddrinfo } from "gevent-wasm/resolver"
 * try {
 *   await getaddrinfo("127.0.0.1", "no such service")
 * } catch (error) {
 *   console.log((error as gaierror).errno) // -8
 * }
 * ```
 */
export class gaierror extends NameError {
  override name = "gaierror"
}

/** An address has no name, or none can be found out: `errno` is 1 then. gevent: `socket.herror`. */
export class herror extends NameError {
  override name = "herror"
}

/** A name cannot be encoded: a label is empty, longer than 63 bytes, or has characters that none may have. Python: `UnicodeError`. */
export class UnicodeError extends RangeError {
  override name = "UnicodeError"
}

/** A name server's address is none. gevent: `gevent.resolver.cares.InvalidIP`. */
export class InvalidIP extends RangeError {
  override name = "InvalidIP"
}

/**
 * A failure of TLS. `code` is `"EPROTO"` unless a subclass says otherwise. gevent: `ssl.SSLError`.
 *
 * @example
 * ```ts
 * import { SSLError } from "gevent-wasm/exceptions"
 * import { createConnection } from "gevent-wasm/socket"
 * import { wrapSocket } from "gevent-wasm/ssl"
 * try {
 *   await wrapSocket(await createConnection(["127.0.0.1", 80]), { serverHostname: "localhost" })
 * } catch (error) {
 *   if (error instanceof SSLError) console.log(error.reason) // WRONG_VERSION_NUMBER
 * }
 * ```
 */
export class SSLError extends SocketError {
  override name = "SSLError"
  /** `"SSL"`, the part of the TLS library that failed. */
  readonly library = "SSL"
  /** What went wrong, as the host's library names it: `"WRONG_VERSION_NUMBER"`. */
  readonly reason: string

  /**
   * @param reason - The library's name for what went wrong.
   * @param message - The same for humans.
   * @param cause - The host's error.
   */
  constructor(reason: string, message: string, errno: number = E.PROTO, cause?: unknown) {
    super(errno, undefined, `[SSL: ${reason}] ${message}`)
    this.reason = reason
    if (cause !== undefined) this.cause = cause
  }
}

/** The peer has ended TLS in good order, and nothing more can be sent. gevent: `ssl.SSLZeroReturnError`. */
export class SSLZeroReturnError extends SSLError {
  override name = "SSLZeroReturnError"
}

/** A call that does not wait has to wait for the peer to send; `code` is `"EAGAIN"`. gevent: `ssl.SSLWantReadError`. */
export class SSLWantReadError extends SSLError {
  override name = "SSLWantReadError"
}

/** A call that does not wait has to wait until it can send; `code` is `"EAGAIN"`. gevent: `ssl.SSLWantWriteError`. */
export class SSLWantWriteError extends SSLError {
  override name = "SSLWantWriteError"
}

/** The connection ended without the peer's ending TLS, as an attacker could end it. gevent: `ssl.SSLEOFError`. */
export class SSLEOFError extends SSLError {
  override name = "SSLEOFError"
}

/** The peer's certificate is not to be trusted, or is another's. gevent: `ssl.SSLCertVerificationError`. */
export class SSLCertVerificationError extends SSLError {
  override name = "SSLCertVerificationError"
  /** OpenSSL's number for the reason: 10 for an expired certificate, 18 for one that signed itself, 62 for another name. */
  readonly verifyCode: number
  /** What is wrong with the certificate. */
  readonly verifyMessage: string

  constructor(verifyCode: number, verifyMessage: string, cause?: unknown) {
    super("CERTIFICATE_VERIFY_FAILED", `certificate verify failed: ${verifyMessage}`, E.PROTO, cause)
    this.verifyCode = verifyCode
    this.verifyMessage = verifyMessage
  }
}

/** A FileObject was used after its `close()`. gevent: `gevent.fileobject.FileObjectClosed`. */
export class FileObjectClosed extends SocketError {
  override name = "FileObjectClosed"

  constructor() {
    super(E.BADF, undefined, "Bad file descriptor (FileObject was closed)")
  }
}

/** A file was not opened for what was asked of it: reading, writing, or a position that it does not have. Python: `io.UnsupportedOperation`. */
export class UnsupportedOperation extends Error {
  override name = "UnsupportedOperation"
}

/** Bytes are no text in the encoding of a file that is strict. Python: `UnicodeDecodeError`. */
export class UnicodeDecodeError extends Error {
  override name = "UnicodeDecodeError"
  /** The encoding. */
  readonly encoding: string

  constructor(encoding: string, options?: ErrorOptions) {
    super(`the bytes are no text in ${encoding}`, options)
    this.encoding = encoding
  }
}

/** A text has a character that the encoding of a file, which is strict, does not have. Python: `UnicodeEncodeError`. */
export class UnicodeEncodeError extends Error {
  override name = "UnicodeEncodeError"
  /** The encoding. */
  readonly encoding: string
  /** Where the character is in the text. */
  readonly start: number

  constructor(encoding: string, text: string, start: number) {
    const code = text.codePointAt(start)!.toString(16).toUpperCase().padStart(4, "0")
    super(`${encoding} has no U+${code}, at position ${start} of the text`)
    this.encoding = encoding
    this.start = start
  }
}

/**
 * This host lacks what a call needs: see `capabilities` in `gevent-wasm/host`. `code` is what POSIX says of such a thing:
 * EAFNOSUPPORT for sockets, ENOSYS for processes and files, EINVAL for signals, ENOTSUP for the rest.
 *
 * @example
 * ```ts
 * import { NotSupportedError } from "gevent-wasm/exceptions"
 * import { Socket } from "gevent-wasm/socket"
 * try {
 *   new Socket().listen()
 * } catch (error) {
 *   if (error instanceof NotSupportedError) console.log(`there is no ${error.capability} here`)
 * }
 * ```
 */
export class NotSupportedError extends SocketError {
  override name = "NotSupportedError"
  /** What the host lacks. */
  readonly capability: keyof Capabilities

  constructor(capability: keyof Capabilities, syscall?: string) {
    const [errno, what] = MISSING[capability]
    super(errno, syscall, `${host.name} has no ${what}`)
    this.capability = capability
  }
}

/** Throws unless the host has what a call needs. @throws {NotSupportedError} */
export function need(capability: keyof Capabilities, syscall?: string): void {
  if (!host.capabilities[capability]) throw new NotSupportedError(capability, syscall)
}

/** Something of `subprocess` went wrong. Python: `subprocess.SubprocessError`. */
export class SubprocessError extends Error {
  override name = "SubprocessError"
}

/** What a process was started with: a list, or a text for the shell. */
export type ProcessArguments = string | readonly string[]

/** What is known of a process that an error is about. */
abstract class ProcessError extends SubprocessError {
  /** What it was started with. */
  readonly cmd: ProcessArguments
  /** What it wrote to its output by then, if that was read: bytes, or a text. */
  readonly output: Uint8Array | string | null
  /** What it wrote to its error output by then, if that was read. */
  readonly stderr: Uint8Array | string | null

  constructor(
    what: string,
    cmd: ProcessArguments,
    output: Uint8Array | string | null,
    stderr: Uint8Array | string | null,
  ) {
    super(`Command ${JSON.stringify(cmd)} ${what}`)
    this.cmd = cmd
    this.output = output
    this.stderr = stderr
  }

  /** The same as `output`. */
  get stdout(): Uint8Array | string | null {
    return this.output
  }
}

/**
 * A process has ended with another code than 0, and that was to be an error. Python: `subprocess.CalledProcessError`.
 *
 * @example
 * ```ts
 * import { CalledProcessError, checkCall } from "gevent-wasm/subprocess"
 * try {
 *   await checkCall(["false"])
 * } catch (error) {
 *   console.log((error as CalledProcessError).returncode) // 1
 * }
 * ```
 */
export class CalledProcessError extends ProcessError {
  override name = "CalledProcessError"
  /** The code that it ended with, or the negative number of the signal that ended it. */
  readonly returncode: number

  constructor(
    returncode: number,
    cmd: ProcessArguments,
    output: Uint8Array | string | null = null,
    stderr: Uint8Array | string | null = null,
  ) {
    const how =
      returncode < 0 ? `died with ${signalName(-returncode)}` : `returned non-zero exit status ${String(returncode)}`
    super(`${how}.`, cmd, output, stderr)
    this.returncode = returncode
  }
}

/** A process has not ended, or not said all, within the time that it was given. Python: `subprocess.TimeoutExpired`. */
export class TimeoutExpired extends ProcessError {
  override name = "TimeoutExpired"
  /** Seconds. */
  readonly timeout: number

  constructor(
    cmd: ProcessArguments,
    timeout: number,
    output: Uint8Array | string | null = null,
    stderr: Uint8Array | string | null = null,
  ) {
    super(`timed out after ${timeout} seconds`, cmd, output, stderr)
    this.timeout = timeout
  }
}

function signalName(signum: number): string {
  return Object.keys(host.signals).find((name) => host.signals[name] === signum) ?? `signal ${signum}`
}
