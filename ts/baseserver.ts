export { BaseServer, type ServerOptions, type SpawnFunction, type SpawnOption } from "./baseserver/baseserver.ts"
export { parseAddress, type ListenAddress, type ParsedAddress } from "./baseserver/listener.ts"
export type { ServerPool } from "./baseserver/serverpool.ts"
