import { execFileSync } from "node:child_process"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { ROOT } from "./tools.ts"

/** The hosts that there are. */
export type HostName = "node" | "deno" | "bun"

/** A host that ours is measured on. */
export interface Runtime {
  readonly host: HostName
  readonly version: string
  /** What starts a script, garbage collection exposed. */
  readonly command: readonly string[]
}

const OLDEST = 20
const FLAGS: Record<HostName, readonly string[]> = {
  node: ["--expose-gc"],
  deno: ["run", "--allow-all", "--no-prompt", "--v8-flags=--expose-gc"],
  bun: ["--expose-gc"],
}
const VERSION: Record<HostName, string> = {
  node: "process.versions.node",
  deno: "Deno.version.deno",
  bun: "Bun.version",
}

/** The Node at a path. */
export function nodeAt(path: string): Runtime {
  return runtime("node", path)
}

/** The oldest Node that is supported and the newest there is, from npm unless the running one is of that version. */
export function allNodes(): Runtime[] {
  const running = nodeAt(process.execPath)
  const oldest = major(running) === OLDEST ? running : installed("node-oldest", String(OLDEST))
  const newest = installed("node-latest", "latest")
  return newest.version === oldest.version ? [oldest] : [oldest, newest]
}

/** A host by name: the Node that runs this, or the Deno or Bun that `npm ci` has installed. */
export function runtimeOf(host: string): Runtime {
  if (host === "node") return nodeAt(process.execPath)
  if (host !== "deno" && host !== "bun") throw new RangeError(`no host ${host}: it is node, deno or bun`)
  return runtime(host, join(ROOT, "node_modules/.bin", host))
}

function runtime(host: HostName, path: string): Runtime {
  const script = ["-p", VERSION[host]]
  const version = execFileSync(path, host === "deno" ? ["eval", ...script] : script, { encoding: "utf8" }).trim()
  return { host, version, command: [path, ...FLAGS[host]] }
}

function major(node: Runtime): number {
  return Number(node.version.split(".", 1)[0])
}

function installed(folder: string, version: string): Runtime {
  const machine = process.arch === "arm64" ? "arm64" : "x64"
  const name = `node-${process.platform === "darwin" ? "darwin" : "linux"}-${machine}`
  const prefix = `${ROOT}/build/${folder}`
  const path = `${prefix}/node_modules/${name}/bin/node`
  if (!existsSync(path)) {
    const options = ["--no-save", "--no-audit", "--no-fund", "--loglevel=error"]
    execFileSync("npm", ["install", ...options, "--prefix", prefix, `${name}@${version}`], {
      stdio: ["ignore", "ignore", "inherit"],
    })
  }
  return nodeAt(path)
}
