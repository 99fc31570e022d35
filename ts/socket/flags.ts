import { SocketError } from "../exceptions.ts"
import { E } from "../host/errno.ts"
import { MSG_DONTWAIT, MSG_NOSIGNAL, MSG_PEEK } from "./constants.ts"

/** Throws unless it is MSG_PEEK, MSG_DONTWAIT, both or 0. */
export function checkRecvFlags(flags: number, syscall: string): void {
  if (flags !== 0) check(flags, MSG_PEEK | MSG_DONTWAIT | MSG_NOSIGNAL, syscall)
}

/** Throws unless it is MSG_DONTWAIT, MSG_NOSIGNAL, both or 0. */
export function checkSendFlags(flags: number, syscall: string): void {
  if (flags !== 0) check(flags, MSG_DONTWAIT | MSG_NOSIGNAL, syscall)
}

function check(flags: number, known: number, syscall: string): void {
  if (!Number.isInteger(flags)) throw new TypeError(`flags must be a whole number, not ${String(flags)}`)
  if ((flags & ~known) !== 0) throw new SocketError(E.NOTSUP, syscall, `flags ${flags & ~known} are not supported`)
}
