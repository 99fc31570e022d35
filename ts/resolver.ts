import { Hub } from "./hub.ts"
import { makeResolver } from "./resolver/choice.ts"

export { gaierror, herror, InvalidIP, UnicodeError } from "./exceptions.ts"
export { AbstractResolver } from "./resolver/abstract.ts"
export type { Found, FoundAddress } from "./resolver/answer.ts"
export { AresResolver, type AresResolverOptions } from "./resolver/ares.ts"
export { makeResolver, type ResolverChoice } from "./resolver/choice.ts"
export * from "./resolver/constants.ts"
export { DohResolver, type DohOptions } from "./resolver/doh.ts"
export * from "./resolver/functions.ts"
export { HostResolver } from "./resolver/host.ts"
export type { AddressInfo, HostEntry, Hostname, NumericAddress, Resolver } from "./resolver/interface.ts"
export {
  ARES_FLAG_DNS0x20,
  ARES_FLAG_EDNS,
  ARES_FLAG_IGNTC,
  ARES_FLAG_NOALIASES,
  ARES_FLAG_NOCHECKRESP,
  ARES_FLAG_NORECURSE,
  ARES_FLAG_NOSEARCH,
  ARES_FLAG_PRIMARY,
  ARES_FLAG_STAYOPEN,
  ARES_FLAG_USEVC,
  type AresOptions,
} from "./resolver/options.ts"
export type { RecordResolver } from "./resolver/recordresolver.ts"
export type * from "./resolver/records.ts"

Hub.makeResolver = makeResolver
