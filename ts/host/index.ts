export { Descriptor, ERR, HUP, IN, OUT, RDHUP, type Address, type Observer } from "./descriptor.ts"
export { E, errnoOf, errorMessage, errorName, type ErrnoName } from "./errno.ts"
export type { Context, FileMode, FileStat, Host, HostProcess, ResolvedAddress, SpawnOptions } from "./host.ts"
