import { flagsToList } from "./flags.ts"
import { hubModule } from "./hubmodule.ts"

function backendNames(which: number): string[] {
  return flagsToList(hubModule().exports.ev_backends(which)).map(String)
}

/** The version of libev: `"libev-4.33"`. gevent: `gevent.core.get_version()`. */
export function getVersion(): string {
  const version = hubModule().exports.ev_version()
  return `libev-${version >> 16}.${String(version & 0xffff).padStart(2, "0")}`
}

/** The version of libev's header, which is the same build's. gevent: `gevent.core.get_header_version()`. */
export function getHeaderVersion(): string {
  return getVersion()
}

/** The backends that are built in. gevent: `gevent.core.supported_backends()`. */
export function supportedBackends(): string[] {
  return backendNames(0)
}

/** The backends that libev would choose from. gevent: `gevent.core.recommended_backends()`. */
export function recommendedBackends(): string[] {
  return backendNames(1)
}

/** The backends that can be embedded in another loop. gevent: `gevent.core.embeddable_backends()`. */
export function embeddableBackends(): string[] {
  return backendNames(2)
}

/** Seconds since 1970. gevent: `gevent.core.time()`. */
export function time(): number {
  return hubModule().exports.ev_wall()
}
