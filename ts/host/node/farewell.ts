import type net from "node:net"
import type { Domain } from "./domain.ts"
import { handleOf } from "./wire.ts"

/** How long a closed connection with unsent data may go without any progress before it is reset, in milliseconds. */
export const LINGER = 30_000

const CHECKS = 6

/**
 * Closes a connection that nobody holds any more but that has data to send: it is sent, then the connection ends. The
 * process stays alive for it. What still arrives is read and dropped, so that a peer which sends before it reads gets
 * to reading.
 *
 * @param limit - Milliseconds without progress, or in all when `total`, after which the connection is reset.
 */
export function farewell(socket: net.Socket, domain: Domain, limit: number, total: boolean): void {
  socket.ref()
  const stop = watchProgress(
    () => unsent(socket),
    limit,
    total,
    () => domain.reset(socket),
  )
  socket.once("close", stop)
  socket.once("finish", () => socket.destroy())
  socket.resume()
  if (socket.writableFinished) socket.destroy()
  else if (!socket.writableEnded) socket.end()
}

/** Calls `reset` when nothing of what is unsent was sent within the limit of `farewell`; what it returns ends that. */
export function watchProgress(unsent: () => number, limit: number, total: boolean, reset: () => void): () => void {
  let left = unsent()
  let idle = 0
  const timer = setInterval(
    () => {
      const now = unsent()
      idle = now === left || total ? idle + 1 : 0
      left = now
      if (idle >= CHECKS) reset()
    },
    Math.max(1, limit / CHECKS),
  )
  // The socket alone keeps the process alive: a timer would do so after it is gone.
  timer.unref()
  return () => clearInterval(timer)
}

function unsent(socket: net.Socket): number {
  // The stream counts a write as a whole; the handle knows how much of it the kernel took.
  return socket.writableLength + (handleOf(socket)?.writeQueueSize ?? 0)
}
