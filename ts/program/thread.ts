import { AsyncResult } from "../event/asyncresult.ts"
import type { Program, ProgramOptions } from "../program.ts"
import type { ThreadPool } from "../threadpool/threadpool.ts"
import { transfer } from "../threadpool/transfer.ts"
import type { BlockingCall } from "../wait.ts"

/** What a program's thread writes; null when it has ended. */
type Output = readonly [fd: 1 | 2, bytes: Uint8Array] | null

/** An end of a MessageChannel, as far as it is used here. */
interface Port {
  onmessage: ((event: { data: Output }) => void) | null
  postMessage(output: Output): void
  close(): void
}

/** The part of a program's options that goes to the thread, and which outputs are wanted back. */
interface ThreadOptions {
  readonly env: Readonly<Record<string, string>>
  readonly name: string
  readonly stdout: boolean
  readonly stderr: boolean
}

/** Runs a program in a thread of a pool, and waits for its exit status. */
export function* runInThread(
  pool: ThreadPool,
  module: WebAssembly.Module,
  args: readonly string[],
  options: ProgramOptions & { readonly name: string },
): Generator<BlockingCall<unknown>, number, unknown> {
  const { port1, port2 } = new MessageChannel() as unknown as { port1: Port; port2: Port }
  const ended = new AsyncResult<void>()
  port1.onmessage = ({ data }) => {
    if (data === null) ended.set()
    else options[data[0] === 1 ? "stdout" : "stderr"]?.(data[1])
  }
  const { env = {}, name, stdout, stderr } = options
  const wanted: ThreadOptions = { env: { ...env }, name, stdout: stdout !== undefined, stderr: stderr !== undefined }
  try {
    const library = import.meta.resolve("gevent-wasm/program")
    const status = yield* pool.apply(runHere, [library, module, [...args], wanted, transfer(port2)])
    // what it has written comes another way than its end, and may be late
    yield* ended.get()
    return status
  } finally {
    port1.close()
  }
}

/** Runs in the thread, without anything from around it. */
async function runHere(
  library: string,
  module: WebAssembly.Module,
  args: string[],
  { env, name, stdout, stderr }: ThreadOptions,
  port: Port,
): Promise<number> {
  const { Program: Loaded } = (await import(library)) as { Program: typeof Program }
  const program = await Loaded.load(module)
  const send = (fd: 1 | 2, wanted: boolean): object =>
    wanted ? { [fd === 1 ? "stdout" : "stderr"]: (bytes: Uint8Array) => port.postMessage([fd, bytes.slice()]) } : {}
  try {
    return await program.run(args, { env, name, ...send(1, stdout), ...send(2, stderr) }).get()
  } finally {
    port.postMessage(null)
    port.close()
  }
}
