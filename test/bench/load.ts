// The load generator for machines without a C compiler; the same arguments and output as load.c.
import { connect } from "node:net"

const [target, ...numbers] = process.argv.slice(2) as [string, ...string[]]
const [connections, size, seconds] = numbers.map(Number) as [number, number, number]
const address = target.startsWith("/") ? { path: target } : { port: Number(target), host: "127.0.0.1" }
const message = Buffer.alloc(size).map((_, i) => i * 31 + (i >> 8))
let exchanges = 0
let over = false
let busy = connections

for (let i = 0; i < connections; i++) {
  if (size === 0) open()
  else exchange()
}
setTimeout(() => (over = true), seconds * 1000)

/** Sends the message and reads it back, again and again. */
function exchange(): void {
  const socket = connect(address, () => socket.write(message)).setNoDelay()
  let received = 0
  socket.on("data", (chunk) => {
    if (chunk.compare(message, received, received + chunk.length) !== 0) throw new Error("the echo is wrong")
    received += chunk.length
    if (received < size) return
    exchanges++
    received = 0
    if (!over) socket.write(message)
    else {
      socket.end()
      ended()
    }
  })
}

/** Connects and waits to be closed, again and again. */
function open(): void {
  const socket = connect({ ...address, allowHalfOpen: true })
  socket.resume()
  socket.on("end", () => {
    socket.resetAndDestroy()
    exchanges++
    if (over) ended()
    else open()
  })
}

function ended(): void {
  if (--busy === 0) console.log(exchanges)
}
