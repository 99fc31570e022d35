import net from "node:net"
import type { Address } from "../descriptor.ts"
import type { Binding } from "../node/binding.ts"
import type { Domain } from "../node/domain.ts"
import { Listener } from "../node/listener.ts"
import { transport as node } from "../node/transport.ts"
import { takeHandle } from "../node/wire.ts"
import type { Transport, Wire, WireListener, WireUser } from "../wire.ts"
import { streamWrap, type DenoHandle } from "./handle.ts"
import { DenoWire } from "./wire.ts"

const handles: Transport = {
  resumes: true,

  connect: (domain: Domain, address: Address, binding: Binding | undefined, user: WireUser): Wire =>
    DenoWire.connect(domain, address, binding, user),

  listen(domain: Domain, binding: Binding, backlog: number, changed: () => void): WireListener | number {
    const listener = new Listener(domain, binding, changed, (connection, user) => {
      const handle = connection instanceof net.Socket ? takeHandle(connection) : connection
      return DenoWire.accepted(handle as DenoHandle, user)
    })
    const result = listener.listen(backlog)
    return result < 0 ? result : listener
  },

  sender: (): number => 0,

  send: (wire: Wire, _sender: number, bytes: Uint8Array): number => (wire as DenoWire).send(bytes),

  write(): void {
    // `send` leaves nothing over
  },

  farewell: (wire: Wire, domain: Domain, limit: number, total: boolean): void =>
    (wire as DenoWire).farewell(domain, limit, total),
}

/** Connections by the handles below `node:net`, or by its sockets where Deno does not show what belongs to handles. */
export const transport: Transport = streamWrap === undefined ? node : handles
