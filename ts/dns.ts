import "./resolver.ts"

export { lookup, type LookupAddress, type LookupCallback, type LookupOptions } from "./dns/lookup.ts"
export { Resolver, type DnsResolverOptions } from "./dns/resolver.ts"
