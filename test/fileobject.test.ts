import { joinall, run, sleep, spawn, Timeout } from "gevent-wasm"
import { descriptors } from "gevent-wasm/core"
import {
  FileObject,
  FileObjectBlock,
  FileObjectClosed,
  FileObjectPosix,
  FileObjectThread,
  SEEK_CUR,
  SEEK_END,
  UnicodeDecodeError,
  UnicodeEncodeError,
  UnsupportedOperation,
  type FileOptions,
  type FileSource,
} from "gevent-wasm/fileobject"
import { Semaphore } from "gevent-wasm/lock"
import { StopIteration } from "gevent-wasm/queue"
import { Socket, type SocketError } from "gevent-wasm/socket"
import { execFileSync, spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { pathToFileURL } from "node:url"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { createPipe } from "../ts/core/pipe.ts"
import { moduleArguments } from "./hostprocess.ts"
import { takeReports } from "./reports.ts"
import { failure, text } from "./sockets.ts"

const test = suite("fileobject")
const folder = mkdtempSync(join(tmpdir(), "gevent-file-"))
test.after(() => rmSync(folder, { recursive: true }))

const KINDS = { FileObjectPosix, FileObjectThread, FileObjectBlock } as const
const CLOSED = "EBADF: Bad file descriptor (FileObject was closed)"
let files = 0

/** The path of a new file. */
function fresh(content?: string | Uint8Array): string {
  const path = join(folder, `file-${++files}`)
  if (content !== undefined) writeFileSync(path, content)
  return path
}

/** The numbers of both ends of a new pipe. */
function pipe(): [reader: number, writer: number] {
  const [reader, writer] = createPipe()
  return [descriptors.install(reader), descriptors.install(writer)]
}

/** Writes to a descriptor what it takes at once. */
function put(fd: number, data: string | Uint8Array): void {
  descriptors.get(fd)!.send(typeof data === "string" ? new TextEncoder().encode(data) : data)
}

function bytes(...values: number[]): Uint8Array {
  return Uint8Array.from(values)
}

test("FO-01: FileObject is FileObjectPosix, or what GEVENT_FILE says", () => {
  assert.is(FileObject, FileObjectPosix)
  const program = `import { FileObject } from "gevent-wasm/fileobject"; console.log(FileObject.name)`
  for (const [wanted, name] of Object.entries({
    thread: "FileObjectThread",
    block: "FileObjectBlock",
    posix: "FileObjectPosix",
  })) {
    const env = { ...process.env, GEVENT_FILE: wanted }
    const { stdout } = spawnSync(process.execPath, moduleArguments(program), { encoding: "utf8", env })
    assert.is(stdout, `${name}\n`)
  }
})

test("FO-02: it is made of a path, a URL, a number, or what has a number", () =>
  run(function* () {
    const path = fresh("content")
    for (const source of [path, pathToFileURL(path)]) {
      using file = new FileObject(source)
      assert.is(file.name, String(source))
      assert.is(yield* file.read(), "content")
    }
    const [reader, writer] = pipe()
    using input = new FileObject(reader, "rb")
    assert.is(input.name, reader)
    assert.is(input.fileno(), reader)
    put(writer, "piped")
    descriptors.close(writer)
    assert.is(text(yield* input.read()), "piped")
    using socket = new Socket()
    using file = new FileObject(socket, "rb")
    assert.is(file.fileno(), socket.fileno())
  }))

test("FO-02: what is no file, or not open, is refused", () => {
  const open = descriptors.size
  for (const source of [null, undefined, {}, [], true, { fileno: () => "3" }, { fileno: () => 3.5 }, "a\0b"]) {
    assert.throws(
      () => new FileObject(source as FileSource),
      (error: Error) => error instanceof TypeError,
    )
  }
  const code = (source: FileSource, mode = "r"): string => {
    try {
      new FileObject(source, mode)
    } catch (error) {
      return (error as SocketError).code
    }
    return "none"
  }
  assert.is(code(9999), "EBADF")
  assert.is(code(-1), "EBADF")
  assert.is(code(join(folder, "missing")), "ENOENT")
  assert.is(code(folder), "EISDIR")
  assert.is(code(fresh("there"), "x"), "EEXIST")
  assert.is(descriptors.size, open)
})

test("FO-03: modes and options of a wrong type or value are refused, and leave nothing open", () => {
  const path = fresh("content")
  const open = descriptors.size
  const refuse = (
    kind: typeof TypeError | typeof RangeError,
    message: RegExp,
    mode: unknown,
    options: unknown = {},
  ): void => {
    for (const File of Object.values(KINDS)) {
      assert.throws(
        () => new File(path, mode as string, options as FileOptions),
        (error: Error) => error instanceof kind && message.test(error.message),
        String(mode),
      )
    }
  }
  refuse(TypeError, /invalid mode/, 5)
  for (const mode of ["q", "rr", "rz", "r b"]) refuse(RangeError, /invalid mode/, mode)
  for (const mode of ["", "b", "+", "t", "b+"]) refuse(RangeError, /must have exactly one of/, mode)
  for (const mode of ["rw", "wa", "xr"]) refuse(RangeError, /can't have read\/write\/append mode at once/, mode)
  refuse(RangeError, /can't have text and binary mode at once/, "rbt")
  for (const mode of ["wU", "r+U", "aU"]) refuse(RangeError, /mode U cannot be combined/, mode)
  refuse(RangeError, /binary mode doesn't take an encoding argument/, "rb", { encoding: "utf-8" })
  refuse(RangeError, /binary mode doesn't take an errors argument/, "rb", { errors: "strict" })
  refuse(RangeError, /binary mode doesn't take a newline argument/, "rb", { newline: "\n" })
  refuse(TypeError, /invalid buffering/, "r", { buffering: "1" })
  refuse(TypeError, /invalid buffering/, "r", { bufsize: 1.5 })
  refuse(TypeError, /invalid encoding/, "r", { encoding: 5 })
  refuse(TypeError, /invalid errors/, "r", { errors: 5 })
  refuse(TypeError, /invalid newline/, "r", { newline: 5 })
  refuse(TypeError, /closefd must be a boolean/, "r", { closefd: 1 })
  refuse(TypeError, /buffering and bufsize are the same/, "r", { buffering: 1, bufsize: 1 })
  refuse(TypeError, /closefd and close are the same/, "r", { closefd: true, close: true })
  refuse(TypeError, /there is no option threads/, "r", { threads: 5 })
  refuse(TypeError, /options must be an object/, "r", null)
  refuse(RangeError, /unknown encoding: klingon/, "r", { encoding: "klingon" })
  refuse(RangeError, /errors must be strict, ignore or replace/, "r", { errors: "guess" })
  refuse(RangeError, /illegal newline value/, "r", { newline: "\n\n" })
  refuse(RangeError, /can be read, and not be written/, "r+", { encoding: "koi8-r" })
  assert.is(descriptors.size, open)
})

test("FO-04: bytes have read1, peek and readinto, and text has not", () =>
  run(function* () {
    const path = fresh("one\ntwo\n")
    using binary = new FileObject(path, "rb")
    assert.is(text(yield* binary.read1(2)), "on")
    assert.is(text(yield* binary.peek()), "e\ntwo\n")
    assert.is(text(yield* binary.peek(1)), "e")
    const buffer = new Uint8Array(4)
    assert.is(yield* binary.readinto(buffer), 4)
    assert.is(text(buffer), "e\ntw")
    assert.is(yield* binary.readinto(new DataView(buffer.buffer)), 2)
    assert.is(yield* binary.readinto(buffer), 0)
    assert.equal([binary.mode, binary.encoding, binary.newline], ["rb", null, null])
    using string = new FileObject(path, "rt")
    assert.equal([string.mode, string.encoding, string.errors], ["rt", "utf-8", "strict"])
    for (const call of [() => string.read1(1), () => string.peek(), () => string.readinto(buffer)]) {
      assert.throws(call, (error: Error) => error instanceof UnsupportedOperation)
    }
  }))

test("FO-05: without a buffer each call is one of the descriptor, and nothing is read ahead", () =>
  run(function* () {
    const [reader, writer] = pipe()
    const output = new FileObject(writer, "wb", { buffering: 0 })
    const input = new FileObject(reader, "rb", { buffering: 0 })
    assert.is(yield* output.write(bytes(1, 2, 10, 3, 4)), 5)
    assert.equal([...(yield* input.read(2))], [1, 2])
    assert.equal([...(yield* input.readline())], [10])
    assert.equal([...(descriptors.get(reader)!.take(100) as Uint8Array)], [3, 4], "still in the pipe")
    // more than the pipe takes: what it took is counted
    const taken = yield* output.write(new Uint8Array(100_000))
    assert.ok(taken > 0 && taken < 100_000, String(taken))
    assert.throws(() => input.peek(), /peek needs a buffer/)
    yield* output.close()
    yield* input.close()
  }))

test("FO-05: with a buffer, what is written comes when it is full, flushed, or closed", () =>
  run(function* () {
    const [reader, writer] = pipe()
    const arrived = (): number =>
      descriptors.get(reader)!.readiness() & 1 ? (descriptors.get(reader)!.take(100_000) as Uint8Array).length : 0
    const output = new FileObject(writer, "wb", { bufsize: 10 })
    yield* output.write(new Uint8Array(6))
    assert.is(arrived(), 0)
    yield* output.write(new Uint8Array(6))
    assert.is(arrived(), 6)
    yield* output.flush()
    assert.is(arrived(), 6)
    yield* output.write(new Uint8Array(3))
    yield* output.close()
    assert.is(arrived(), 3)
    descriptors.close(reader)
  }))

test("FO-05: a text with buffering 1 goes out with each line", () =>
  run(function* () {
    const [reader, writer] = pipe()
    const output = new FileObject(writer, "w", { buffering: 1 })
    yield* output.write("half a li")
    assert.is(descriptors.get(reader)!.readiness() & 1, 0)
    yield* output.write("ne\nand")
    assert.is(text(descriptors.get(reader)!.take(100) as Uint8Array), "half a line\nand")
    yield* output.close()
    descriptors.close(reader)
  }))

for (const [name, File] of Object.entries(KINDS)) {
  test(`FO-06: ${name}: reads, writes and moves in a file`, () =>
    run(function* () {
      const path = fresh()
      const output = new File(path, "wb")
      assert.equal(
        [output.readable(), output.writable(), output.seekable(), output.isatty()],
        [false, true, true, false],
      )
      assert.is(yield* output.write(Buffer.from("one\ntwo\n")), 8)
      yield* output.writelines([Buffer.from("three\n"), Buffer.from("four")])
      assert.is(output.tell(), 18)
      yield* output.flush()
      assert.is(readFileSync(path, "utf8"), "one\ntwo\nthree\nfour")
      yield* output.fsync()
      yield* output.close()

      const input = new File(path, "rb")
      assert.is(text(yield* input.readline()), "one\n")
      assert.is(text(yield* input.readline(2)), "tw")
      assert.is(text(yield* input.readline(2)), "o\n")
      assert.is(input.tell(), 8)
      assert.equal((yield* input.readlines()).map(text), ["three\n", "four"])
      assert.is((yield* input.readline()).length, 0)
      assert.is((yield* input.read()).length, 0)
      assert.is(yield* input.seek(-4, SEEK_END), 14)
      assert.is(text(yield* input.read(2)), "fo")
      assert.is(yield* input.seek(-1, SEEK_CUR), 15)
      assert.is(text(yield* input.read()), "our")
      assert.is(yield* input.seek(0), 0)
      assert.equal((yield* input.readlines(5)).map(text), ["one\n", "two\n"])
      yield* input.close()
    }))

  test(`FO-06: ${name}: reading and writing share one position`, () =>
    run(function* () {
      const path = fresh("abcdefgh")
      const file = new File(path, "r+b")
      assert.is(text(yield* file.read(2)), "ab")
      assert.is(yield* file.write(Buffer.from("XY")), 2)
      assert.is(text(yield* file.read(2)), "ef")
      yield* file.write(Buffer.from("Z"))
      assert.is(file.tell(), 7)
      yield* file.seek(0)
      assert.is(text(yield* file.read()), "abXYefZh")
      assert.is(yield* file.truncate(3), 3)
      assert.is(file.tell(), 8)
      assert.is(yield* file.seek(1), 1)
      assert.is(yield* file.truncate(), 1)
      assert.is(text(yield* file.read()), "")
      yield* file.close()
      assert.is(readFileSync(path, "utf8"), "a")
      const appending = new File(path, "a+b")
      assert.is(appending.tell(), 1)
      yield* appending.seek(0)
      yield* appending.write(Buffer.from("bc"))
      yield* appending.seek(0)
      assert.is(text(yield* appending.read()), "abc")
      yield* appending.close()
      const exclusive = new File(fresh(), "x")
      assert.is(yield* exclusive.write("é"), 1)
      yield* exclusive.close()
    }))

  test(`FO-06: ${name}: text has positions, too`, () =>
    run(function* () {
      const file = new File(fresh("häuser\r\nbäume\nend"), "r+")
      assert.is(yield* file.read(2), "hä")
      assert.is(file.tell(), 3)
      assert.is(yield* file.readline(), "user\n")
      const place = file.tell()
      assert.is(place, 9)
      assert.is(yield* file.read(), "bäume\nend")
      assert.is(yield* file.seek(place), 9)
      assert.is(yield* file.readline(), "bäume\n")
      yield* file.write("END")
      assert.is(yield* file.seek(0, SEEK_CUR), 19)
      yield* file.seek(0)
      assert.is(yield* file.read(), "häuser\nbäume\nEND")
      assert.ok(
        (yield* failure({
          *[Symbol.iterator]() {
            yield* file.seek(1, SEEK_END)
          },
        })) instanceof UnsupportedOperation,
      )
      yield* file.close()
    }))
}

test("FO-06: a pipe has no position, and a file does only what it was opened for", () =>
  run(function* () {
    const [reader, writer] = pipe()
    const input = new FileObject(reader, "rb")
    const output = new FileObject(writer, "w")
    assert.not(input.seekable())
    assert.throws(
      () => input.seek(0),
      (error: SocketError) => error.code === "ESPIPE",
    )
    assert.throws(
      () => input.tell(),
      (error: SocketError) => error.code === "ESPIPE",
    )
    assert.throws(
      () => input.write(bytes(1)),
      (error: Error) => error instanceof UnsupportedOperation,
    )
    assert.throws(
      () => output.read(),
      (error: Error) => error instanceof UnsupportedOperation,
    )
    assert.throws(
      () => output.write(bytes(1) as never),
      (error: Error) => error instanceof TypeError,
    )
    assert.throws(
      () => input.read("5" as never),
      (error: Error) => error instanceof TypeError,
    )
    assert.throws(
      () => input.seek("5" as never),
      (error: Error) => error instanceof TypeError,
    )
    assert.is((yield* failure(output.truncate(3))).code, "EINVAL")
    yield* output.close()
    yield* input.close()
    using file = new FileObject(fresh("x"), "rb")
    assert.is((yield* failure(file.seek(-5))).code, "EINVAL")
    assert.throws(
      () => file.seek(0, 7),
      (error: Error) => error instanceof RangeError,
    )
  }))

test("FO-06: lines are gone through by each and by for await", async () => {
  const path = fresh("one\ntwo\nthree")
  const lines: string[] = []
  await run(function* () {
    using file = new FileObject(path)
    yield* file.each(function* (line) {
      yield* sleep(0)
      lines.push(line)
      return lines.length === 2 ? StopIteration : undefined
    })
    assert.is(yield* file.readline(), "three")
  })
  assert.equal(lines, ["one\n", "two\n"])
  await using file = new FileObject(path, "rb")
  for await (const line of file) lines.push(text(line))
  assert.equal(lines.slice(2), ["one\n", "two\n", "three"])
})

test("FO-06: calls of the buffer do not let others run, and others run while a call waits", () =>
  run(function* () {
    const [reader, writer] = pipe()
    using input = new FileObject(reader)
    const order: string[] = []
    const other = spawn(function* () {
      yield* sleep(0)
      order.push("other")
    })
    put(writer, "one\ntwo\n")
    order.push(yield* input.readline(), yield* input.readline())
    assert.equal(order, ["one\n", "two\n"])
    const waiting = spawn(function* () {
      order.push(yield* input.readline())
    })
    yield* other.join()
    put(writer, "th")
    yield* sleep(0.01)
    put(writer, "ree\n")
    yield* waiting.join()
    assert.equal(order, ["one\n", "two\n", "other", "three\n"])
    descriptors.close(writer)
  }))

test("FO-06: large files come whole, and do not keep others from running", () =>
  run(function* () {
    const content = new Uint8Array(3_000_000).map((_, i) => i * 7 + (i >> 10))
    const path = fresh()
    const output = new FileObjectThread(path, "wb")
    assert.is(yield* output.write(content), content.length)
    yield* output.close()
    let ticks = 0
    const ticking = spawn(function* () {
      for (;;) {
        ticks++
        yield* sleep(0.001)
      }
    })
    using input = new FileObjectThread(path, "rb")
    assert.equal(Buffer.compare(yield* input.read(), content), 0)
    yield* ticking.kill()
    assert.ok(ticks > 1, `${ticks} ticks`)
  }))

test("FO-07: close writes the rest, once, and every call after it fails", () =>
  run(function* () {
    const path = fresh()
    const file = new FileObject(path, "w+b")
    yield* file.write(Buffer.from("rest"))
    const fd = file.fileno()
    yield* joinall([spawn(() => file.close()), spawn(() => file.close())])
    assert.ok(file.closed)
    assert.is(descriptors.get(fd), undefined)
    assert.is(readFileSync(path, "utf8"), "rest")
    yield* file.close()
    const calls = [
      () => file.read(),
      () => file.readline(),
      () => file.write(bytes(1)),
      () => file.flush(),
      () => file.seek(0),
      () => file.tell(),
      () => file.truncate(),
      () => file.fileno(),
      () => file.readable(),
      () => file.seekable(),
    ]
    for (const call of calls) {
      assert.throws(call, (error: SocketError) => {
        return error instanceof FileObjectClosed && error.code === "EBADF" && error.message === CLOSED
      })
    }
  }))

test("FO-07: an error of the last bytes is thrown, and the descriptor is closed all the same", () =>
  run(function* () {
    const [reader, writer] = pipe()
    const output = new FileObject(writer, "wb")
    yield* output.write(bytes(1))
    descriptors.close(reader)
    assert.is((yield* failure(output.close())).code, "EPIPE")
    assert.is(descriptors.get(writer), undefined)
  }))

test("FO-07: using closes, also when there is something to wait for", () =>
  run(function* () {
    const [reader, writer] = pipe()
    {
      using output = new FileObject(writer, "wb")
      yield* output.write(new Uint8Array(1000))
    }
    using input = new FileObject(reader, "rb")
    assert.is((yield* input.read()).length, 1000)
    assert.is(descriptors.get(writer), undefined)
    const path = fresh()
    {
      using file = new FileObject(path, "w")
      yield* file.write("text")
    }
    while (readFileSync(path, "utf8") !== "text") yield* sleep(0.001)
  }))

test("FO-07: a kill in the middle of close closes the descriptor", () =>
  run(function* () {
    const [reader, writer] = pipe()
    put(writer, new Uint8Array(65536))
    const output = new FileObject(writer, "wb")
    yield* output.write(bytes(1))
    const closing = spawn(() => output.close())
    yield* sleep(0.001)
    assert.ok(descriptors.get(writer) !== undefined)
    yield* closing.kill()
    assert.is(descriptors.get(writer), undefined)
    descriptors.close(reader)
  }))

test("FO-08: whoever reads gets EBADF when another greenlet closes the file", () =>
  run(function* () {
    const [reader, writer] = pipe()
    const input = new FileObject(reader)
    const waiting = spawn(() => failure(input.readline()))
    const next = spawn(() => failure(input.readline()))
    yield* sleep(0.001)
    yield* input.close()
    const error = yield* waiting.get()
    assert.is(error.code, "EBADF")
    assert.match(error.message, "File descriptor was closed in another greenlet")
    assert.is((yield* next.get()).message, CLOSED)
    descriptors.close(writer)
  }))

test("FO-08: whoever reads gets EBADF when the number is closed", () =>
  run(function* () {
    const [reader, writer] = pipe()
    const input = new FileObject(reader)
    const waiting = spawn(() => failure(input.read()))
    yield* sleep(0.001)
    descriptors.close(reader)
    assert.is((yield* waiting.get()).code, "EBADF")
    yield* input.close()
    descriptors.close(writer)
  }))

test("FO-09: without closefd the descriptor stays open", () =>
  run(function* () {
    const [reader, writer] = pipe()
    for (const options of [{ closefd: false }, { close: false }]) {
      const output = new FileObject(writer, "wb", options)
      yield* output.write(bytes(1))
      yield* output.close()
      assert.ok(output.closed)
      assert.ok(descriptors.get(writer) !== undefined)
      using input = new FileObject(reader, "rb", options)
      assert.is((yield* input.read(1)).length, 1)
    }
    descriptors.close(reader)
    descriptors.close(writer)
  }))

test("FO-11: any end of a line is one, also across the borders of chunks", () =>
  run(function* () {
    const [reader, writer] = pipe()
    using input = new FileObject(reader, "rU")
    const lines = spawn(() => input.readlines())
    for (const part of ["a\r", "\nb\r", "c\n\r", "\r\n", "d\r"]) {
      put(writer, part)
      yield* sleep(0.001)
    }
    descriptors.close(writer)
    assert.equal(yield* lines.get(), ["a\n", "b\n", "c\n", "\n", "\n", "d\n"])
    assert.is(input.mode, "r")
  }))

test("FO-11: newline says what ends a line, and what is written for one", () =>
  run(function* () {
    const content = "a\rb\nc\r\nd"
    const read = function* (newline: string | null) {
      using file = new FileObject(fresh(content), "r", { newline })
      return yield* file.readlines()
    }
    assert.equal(yield* read(null), ["a\n", "b\n", "c\n", "d"])
    assert.equal(yield* read(""), ["a\r", "b\n", "c\r\n", "d"])
    assert.equal(yield* read("\n"), ["a\rb\n", "c\r\n", "d"])
    assert.equal(yield* read("\r"), ["a\r", "b\nc\r", "\nd"])
    assert.equal(yield* read("\r\n"), ["a\rb\nc\r\n", "d"])
    for (const [newline, written] of [
      [null, "a\nb\n"],
      ["", "a\nb\n"],
      ["\r", "a\rb\r"],
      ["\r\n", "a\r\nb\r\n"],
    ] as const) {
      const path = fresh()
      const file = new FileObject(path, "w", { newline })
      yield* file.write("a\nb\n")
      yield* file.close()
      assert.is(readFileSync(path, "utf8"), written)
    }
  }))

test("FO-11: characters come whole, wherever the chunks break them", () =>
  run(function* () {
    const sample = "aé€😀\r\nz\uFEFF"
    const encode = (encoding: string): Uint8Array => {
      if (encoding === "utf-8") return Buffer.from(sample)
      if (encoding === "utf-8-sig") return Buffer.from(`\uFEFF${sample}`)
      const little = Buffer.from(encoding === "utf-16" ? `\uFEFF${sample}` : sample, "utf16le")
      return encoding === "utf-16-be" ? little.swap16() : little
    }
    for (const encoding of ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"]) {
      const [reader, writer] = pipe()
      using input = new FileObject(reader, "r", { encoding, newline: "" })
      const read = spawn(() => input.read())
      for (const byte of encode(encoding)) {
        put(writer, bytes(byte))
        yield* sleep(0)
        yield* sleep(0)
      }
      descriptors.close(writer)
      assert.is(yield* read.get(), sample, encoding)
      const path = fresh()
      const output = new FileObject(path, "w", { encoding })
      yield* output.write(sample.slice(0, 2))
      yield* output.write(sample.slice(2))
      yield* output.close()
      assert.equal([...readFileSync(path)], [...encode(encoding)], encoding)
      using file = new FileObject(path, "r", { encoding, newline: "" })
      let all = ""
      for (let part = yield* file.read(1); part !== ""; part = yield* file.read(1)) {
        all += part
        yield* file.seek(file.tell())
      }
      assert.is(all, sample, `${encoding} with tell and seek`)
    }
  }))

test("FO-11: what is no text in the encoding is an error, left out or replaced", () =>
  run(function* () {
    const read = function* (content: Uint8Array, encoding: string, errors: string) {
      using file = new FileObject(fresh(content), "r", { encoding, errors })
      return yield* file.read()
    }
    const broken = bytes(0x61, 0xff, 0xe2, 0x82, 0x62, 0xef, 0xbf, 0xbd, 0xed, 0xa0, 0x80, 0xf0, 0x9f)
    assert.ok((yield* failure(read(broken, "utf-8", "strict"))) instanceof UnicodeDecodeError)
    assert.is(yield* read(broken, "utf-8", "ignore"), "ab\uFFFD")
    assert.is(yield* read(broken, "utf-8", "replace"), new TextDecoder().decode(broken))
    const high = bytes(0x61, 0x80, 0x62)
    assert.is(yield* read(high, "latin-1", "strict"), "a\x80b")
    assert.ok((yield* failure(read(high, "ascii", "strict"))) instanceof UnicodeDecodeError)
    assert.is(yield* read(high, "ascii", "ignore"), "ab")
    assert.is(yield* read(high, "ascii", "replace"), "a\uFFFDb")
    const odd = bytes(0x61, 0, 0, 0xd8, 0x62, 0, 0x63)
    assert.ok((yield* failure(read(odd, "utf-16-le", "strict"))) instanceof UnicodeDecodeError)
    assert.is(yield* read(odd, "utf-16-le", "ignore"), "ab")
    assert.is(yield* read(odd, "utf-16-le", "replace"), "a\uFFFDb\uFFFD")
    assert.is(yield* read(bytes(0xe4), "windows-1252", "strict"), "ä")
    const write = function* (content: string, encoding: string, errors: string) {
      const path = fresh()
      const file = new FileObject(path, "w", { encoding, errors })
      try {
        yield* file.write(content)
      } finally {
        yield* file.close()
      }
      return readFileSync(path, "latin1")
    }
    const error = yield* failure(write("ab€", "latin-1", "strict"))
    assert.ok(error instanceof UnicodeEncodeError)
    assert.is(error.message, "latin-1 has no U+20AC, at position 2 of the text")
    assert.is(yield* write("a😀\xe9", "latin-1", "replace"), "a?\xe9")
    assert.is(yield* write("a😀\xe9", "ascii", "ignore"), "a")
    assert.ok((yield* failure(write("a\ud800", "utf-8", "strict"))) instanceof UnicodeEncodeError)
    assert.is(yield* write("a\ud800b", "utf-8", "replace"), "a?b")
  }))

test("FO-12: the name survives close, and the console shows it", () =>
  run(function* () {
    const path = fresh("x")
    const file = new FileObject(path)
    assert.is(String(file), `<FileObjectPosix name=${JSON.stringify(path)} mode="r">`)
    yield* file.close()
    assert.is(file.name, path)
    assert.is(String(file), `<FileObjectPosix closed name=${JSON.stringify(path)} mode="r">`)
  }))

test("FO-13: a call goes on when nothing is there, or no room, and other errors are thrown", () =>
  run(function* () {
    const [reader, writer] = pipe()
    const output = new FileObject(writer, "wb")
    const content = new Uint8Array(300_000).map((_, i) => i)
    const writing = spawn(() => output.write(content))
    using input = new FileObject(reader, "rb")
    assert.equal(Buffer.compare(yield* input.read(250_000), content.subarray(0, 250_000)), 0)
    assert.is(yield* writing.get(), 300_000)
    yield* output.write(bytes(1))
    yield* input.close()
    assert.is((yield* failure(output.flush())).code, "EPIPE")
    yield* failure(output.close())
    using full = new FileObject("/dev/full", "wb", { buffering: 0 })
    yield* full.write(bytes(1))
    assert.is((yield* failure(full.flush())).code, "ENOSPC")
  }))

test("FO-13: a killed or timed out call loses nothing of what was read", () =>
  run(function* () {
    const [reader, writer] = pipe()
    using input = new FileObject(reader)
    put(writer, "half a ")
    const waiting = spawn(() => input.readline())
    yield* sleep(0.001)
    yield* waiting.kill()
    using limit = Timeout.startNew(0.001)
    assert.is(yield* failure(input.readline()), limit)
    put(writer, "line\n")
    assert.is(yield* input.readline(), "half a line\n")
    descriptors.close(writer)
  }))

test("FO-14: greenlets that use one file at once take turns", () =>
  run(function* () {
    const [reader, writer] = pipe()
    const output = new FileObject(writer, "w", { buffering: 16 })
    const line = (letter: string): string => `${letter.repeat(9999)}\n`
    const writers = [..."abcdef"].map((letter) =>
      spawn(function* () {
        for (let i = 0; i < 10; i++) yield* output.write(line(letter))
      }),
    )
    using input = new FileObject(reader)
    const seen: string[] = []
    const readers = [1, 2, 3].map(() =>
      spawn(function* () {
        for (let got = yield* input.readline(); got !== ""; got = yield* input.readline()) {
          assert.is(got, line(got[0]!))
          seen.push(got[0]!)
        }
      }),
    )
    yield* joinall(writers, null, { raiseError: true })
    yield* output.close()
    yield* joinall(readers, null, { raiseError: true })
    assert.is(seen.sort().join(""), [..."abcdef"].map((letter) => letter.repeat(10)).join(""))
  }))

test("FO-14: the call of a file of the host is not disturbed by one that was killed", () =>
  run(function* () {
    const file = new FileObjectThread(fresh("0123456789".repeat(1000)), "r+b", { bufsize: 100 })
    for (let i = 0; i < 20; i++) {
      const killed = spawn(() => file.read(500))
      yield* sleep(0)
      yield* killed.kill()
      yield* file.seek(i * 10 + 3)
      assert.is(text(yield* file.read(4)), "3456")
      yield* file.write(Buffer.from("7"))
    }
    yield* file.close()
  }))

test("FO-15: FileObjectThread takes a lock, and uses no file while another holds it", () =>
  run(function* () {
    const lock = new Semaphore()
    const file = new FileObjectThread(fresh("one\n"), "r", { lock })
    yield* lock.acquire()
    const reading = spawn(() => file.readline())
    yield* sleep(0.005)
    assert.not(reading.ready())
    lock.release()
    assert.is(yield* reading.get(), "one\n")
    assert.is(lock.counter, 1)
    yield* lock.acquire()
    const killed = spawn(() => file.readline())
    yield* sleep(0.001)
    yield* killed.kill()
    lock.release()
    assert.equal([lock.counter, lock.linkcount()], [1, 0])
    yield* file.close()
    for (const plain of [true, false]) {
      using other = new FileObjectThread(fresh("x"), "r", { lock: plain })
      assert.is(yield* other.read(), "x")
    }
    for (const wrong of [5, {}, "yes", null]) {
      assert.throws(
        () => new FileObjectThread(fresh("x"), "r", { lock: wrong as never }),
        (error: Error) =>
          error instanceof TypeError && error.message.startsWith("lock must be a Semaphore or a boolean"),
      )
    }
    assert.throws(
      () => new FileObject(fresh("x"), "r", { lock: true } as FileOptions),
      (error: Error) => error instanceof TypeError && error.message === "there is no option lock",
    )
  }))

test("FO-15: an error of the last bytes comes from close, and is not printed", () =>
  run(function* () {
    takeReports()
    const file = new FileObjectThread("/dev/full", "w")
    yield* file.write("x")
    const error = yield* failure(file.close())
    assert.is(error.code, "ENOSPC")
    assert.equal(takeReports(), [])
  }))

test("FO-16: FileObjectBlock does not let others run, and fails where it cannot block", () =>
  run(function* () {
    let ran = false
    const other = spawn(function* () {
      yield* sleep(0)
      ran = true
    })
    const file = new FileObjectBlock(fresh(), "w+")
    yield* file.write("text".repeat(50_000))
    yield* file.seek(0)
    assert.is((yield* file.read()).length, 200_000)
    yield* file.close()
    assert.not(ran)
    yield* other.join()
    const [reader, writer] = pipe()
    const input = new FileObjectBlock(reader, "rb")
    assert.is((yield* failure(input.read(1))).code, "EAGAIN")
    put(writer, "x")
    assert.is(text(yield* input.read(1)), "x")
    yield* input.close()
    descriptors.close(writer)
  }))

test("fifos are waited for: their other end, what is written, and its end", () =>
  run(function* () {
    const path = fresh()
    execFileSync("mkfifo", [path])
    const input = new FileObject(path)
    const reading = spawn(() => input.readlines())
    yield* sleep(0.02)
    const output = new FileObject(path, "w")
    assert.not(output.seekable())
    yield* output.write("one\n")
    yield* output.flush()
    yield* sleep(0.02)
    assert.not(reading.ready())
    yield* output.write("two\n".repeat(100_000))
    yield* output.close()
    assert.is((yield* reading.get()).length, 100_001)
    yield* input.close()
    // a writer waits for a reader, and may stop to
    const lonely = new FileObject(path, "w")
    yield* lonely.write("x")
    using limit = Timeout.startNew(0.05)
    assert.is(yield* failure(lonely.close()), limit)
  }))

test("a program whose greenlet waits for a fifo ends when that is killed", () => {
  const path = fresh()
  execFileSync("mkfifo", [path])
  const program = `
    import { run, sleep, spawn } from "gevent-wasm"
    import { FileObject } from "gevent-wasm/fileobject"
    await run(function* () {
      const waiting = spawn(() => new FileObject(${JSON.stringify(path)}).read())
      yield* sleep(0.02)
      yield* waiting.kill()
      console.log("over")
    })`
  const { stdout, status } = spawnSync(process.execPath, moduleArguments(program), {
    encoding: "utf8",
    timeout: 20_000,
  })
  assert.equal([stdout, status], ["over\n", 0])
})

for (const kind of ["FileObjectPosix", "FileObjectThread"]) {
  test(`FO-06: ${kind} reads lines from a terminal while others run, and knows that it is one`, () => {
    const program = `
      import { run, sleep, spawn } from "gevent-wasm"
      import { ${kind} } from "gevent-wasm/fileobject"
      await run(function* () {
        let turns = 0
        const other = spawn(function* () { for (;;) { yield* sleep(0.01); turns++ } })
        const input = new ${kind}("/dev/tty", "r")
        const line = yield* input.readline()
        yield* other.kill()
        console.log([input.isatty(), line.trim(), turns > 1].join())
      })`
    const command = [process.execPath, ...moduleArguments(program)]
    const quoted = command.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ")
    // it asks for a line half a second after the start
    const shell = `(sleep 1.5; echo typed) | script -qec ${JSON.stringify("$COMMAND")} /dev/null`
    const { stdout } = spawnSync("bash", ["-c", shell], {
      encoding: "utf8",
      timeout: 20_000,
      env: { ...process.env, COMMAND: quoted },
    })
    assert.match(stdout, /true,typed,true/)
  })
}

test("a long line is searched once, and a limit bounds it", () =>
  run(function* () {
    const path = fresh("x".repeat(2_000_000))
    for (const mode of ["r", "rb"]) {
      using file = new FileObject(path, mode)
      assert.is((yield* file.readline(1000)).length, 1000)
      assert.is((yield* file.readline()).length, 1_999_000)
    }
  }))

test.run()
