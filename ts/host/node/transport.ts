import { writeSync } from "node:fs"
import type net from "node:net"
import { E } from "../errno.ts"
import type { Address } from "../descriptor.ts"
import type { Transport, Wire, WireListener, WireUser } from "../wire.ts"
import type { Binding } from "./binding.ts"
import type { Domain } from "./domain.ts"
import { errnoOfError } from "./errors.ts"
import { farewell } from "./farewell.ts"
import { writeCopy } from "./copies.ts"
import { Listener } from "./listener.ts"
import { AcceptedWire } from "./acceptedwire.ts"
import { adoptSocket, beginConnect, fdOf, handleOf, isSocket, openWire } from "./wire.ts"

// V8 keeps the bytes of an array up to this length beside it, and moves them to memory of their own once native code asks
// for them, which costs more than writing them from here: 1310 ns instead of 960 on Node 20, 1690 instead of 940 on Node 26.
const SMALL = 64
const small = new Uint8Array(new ArrayBuffer(SMALL))

/** Connections by `node:net`. */
export const transport: Transport = {
  resumes: false,

  connect(domain: Domain, address: Address, binding: Binding | undefined, user: WireUser): net.Socket {
    return beginConnect(openWire(binding?.source, user), domain, address, binding)
  },

  listen(domain: Domain, binding: Binding, backlog: number, changed: () => void): WireListener | number {
    const listener = new Listener(domain, binding, changed, (connection, user) =>
      isSocket(connection) ? adoptSocket(connection, user).unref() : new AcceptedWire(connection, user),
    )
    const result = listener.listen(backlog)
    return result < 0 ? result : listener
  },

  sender: (wire: Wire): number => fdOf(wire instanceof AcceptedWire ? wire.handle : handleOf(wire)),

  // write(2) while nothing waits in front. It is worth it at any size: echoing 64 bytes on 50 connections took 83 to 108
  // thousand rounds per CPU second, and 75 to 94 with a copy given to socket.write (Node 20; 85 to 109 against 75 to 100 on
  // Node 26). In chunks of 64 KiB both moved about as much on Node 20, and write(2) a third more on Node 26.
  send(_wire: Wire, fd: number, bytes: Uint8Array): number {
    const count = bytes.length
    if (count <= SMALL) {
      small.set(bytes)
      bytes = small
    }
    try {
      return writeSync(fd, bytes, 0, count)
    } catch (error) {
      const errno = errnoOfError(error)
      return errno === E.AGAIN ? 0 : -errno
    }
  },

  write(wire: Wire, bytes: Uint8Array): void {
    writeCopy(wire instanceof AcceptedWire ? wire.open() : (wire as net.Socket), bytes)
  },

  farewell: (wire: Wire, domain: Domain, limit: number, total: boolean): void =>
    farewell(wire as net.Socket, domain, limit, total),
}
