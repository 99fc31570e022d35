import { spawn } from "node:child_process"
import { createServer, type AddressInfo, type Server, type Socket } from "node:net"
import { join } from "node:path"
import type { Readable } from "node:stream"

/** A running workerd. */
export interface Workerd {
  /** The ports of its sockets, by their names. */
  readonly ports: ReadonlyMap<string, number>
  /** What it has printed. */
  log(): string
  stop(): void
}

/** Starts workerd and waits until all of `sockets` listen. */
export async function startWorkerd(config: string, sockets: string[]): Promise<Workerd> {
  const child = spawn(join("node_modules", ".bin", "workerd"), ["serve", config, "--control-fd=3"], {
    stdio: ["ignore", "pipe", "pipe", "pipe"],
    detached: true,
  })
  let log = ""
  for (const output of [child.stdout!, child.stderr!]) output.on("data", (chunk) => (log += String(chunk)))
  const stop = (): void => {
    try {
      process.kill(-child.pid!, "SIGKILL")
    } catch {
      // it has gone already
    }
  }
  process.on("exit", stop)
  const ports = new Map<string, number>()
  let rest = ""
  await new Promise<void>((resolve, reject) => {
    ;(child.stdio[3] as Readable).on("data", (chunk) => {
      const lines = (rest + String(chunk)).split("\n")
      rest = lines.pop()!
      for (const line of lines) {
        const { event, socket, port } = JSON.parse(line) as { event: string; socket?: string; port?: number }
        if (event === "listen" && socket !== undefined) ports.set(socket, port!)
      }
      if (sockets.every((name) => ports.has(name))) resolve()
    })
    child.on("error", reject)
    child.on("exit", (code) => reject(new Error(`workerd ended with ${code}:\n${log}`)))
  })
  return { ports, log: () => log, stop }
}

/** A server on a free port of 127.0.0.1. */
export function listen(handle: (socket: Socket) => void): Promise<{ server: Server; port: number }> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => undefined)
    handle(socket)
  })
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve({ server, port: (server.address() as AddressInfo).port }))
  })
}
