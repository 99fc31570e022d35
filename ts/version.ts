/**
 * The version of gevent whose behaviour this is, and of the package. gevent: `gevent.__version__`.
 *
 * @example
 * ```ts
 * import { version } from "gevent-wasm"
 * console.log(version)
 * ```
 */
export const version = "0.1.0"

/** The version in parts. gevent: `gevent.version_info`. */
export const versionInfo: readonly [major: number, minor: number, micro: number] = [0, 1, 0]
