import type { Hostname, Resolver } from "./interface.ts"
import type { RecordType, RecordTypes } from "./records.ts"
import type { BlockingCall } from "../wait.ts"

/** Who gives the records of a name as well. */
export interface RecordResolver extends Resolver {
  /**
   * The records of a name, as a name server has them: no hosts file, no search domains.
   *
   * @param type - `"A"` by default. See `RecordTypes` for what each has.
   * @throws {gaierror} whose `errno` is c-ares' code: 4 when there is no such name, 1 when none of its records is of the type, 12
   *   when no server has answered in time. {RangeError} for a type that is not known, {UnicodeError} for a name that is none.
   * @example
   * ```ts
   * import { AresResolver } from "gevent-wasm/resolver"
   * async function mailServers(domain: string) {
   *   using resolver = new AresResolver()
   *   const records = await resolver.resolve(domain, "MX")
   *   return records.sort((a, b) => a.priority - b.priority).map(({ exchange }) => exchange)
   * }
   * ```
   */
  resolve(hostname: Hostname): BlockingCall<RecordTypes["A"][]>
  resolve<T extends RecordType>(hostname: Hostname, type: T): BlockingCall<RecordTypes[T][]>
  /**
   * The names of a numeric address, as a name server has them. @throws as `resolve`; {RangeError} for what is no address.
   */
  reverse(address: string): BlockingCall<string[]>
}
