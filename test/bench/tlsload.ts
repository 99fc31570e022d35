// The load for a TLS echo server: node tlsload.mjs PORT CONNECTIONS SIZE SECONDS, started by fork(). Sends "connected", waits for a
// message, exchanges messages on all connections for that time, and sends how many exchanges there were.
import { once } from "node:events"
import { connect, type TLSSocket } from "node:tls"

const [port, connections, size, seconds] = process.argv.slice(2).map(Number) as [number, number, number, number]
const message = Buffer.alloc(size).map((_, i) => i * 31 + (i >> 8))
const sockets: TLSSocket[] = []
let exchanges = 0
let over = false
let busy = connections

for (let i = 0; i < connections; i++) {
  const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false })
  socket.setNoDelay()
  await once(socket, "secureConnect")
  sockets.push(socket)
  let received = 0
  socket.on("data", (chunk: Buffer) => {
    if (chunk.compare(message, received, received + chunk.length) !== 0) throw new Error("the echo is wrong")
    received += chunk.length
    if (received < size) return
    exchanges++
    received = 0
    if (!over) socket.write(message)
    else {
      socket.end()
      if (--busy === 0) process.send!(exchanges, () => process.exit(0))
    }
  })
}
process.on("message", () => {
  for (const socket of sockets) socket.write(message)
  setTimeout(() => (over = true), seconds * 1000)
})
process.send!("connected")
