import { execFileSync } from "node:child_process"
import { existsSync } from "node:fs"
import { ROOT } from "./tools.ts"

/** A Node.js that ours is measured on. */
export interface Node {
  readonly path: string
  readonly version: string
}

const OLDEST = 20

/** The Node at a path. */
export function nodeAt(path: string): Node {
  return { path, version: execFileSync(path, ["-p", "process.versions.node"], { encoding: "utf8" }).trim() }
}

/** The oldest Node that is supported and the newest there is, from npm unless the running one is of that version. */
export function allNodes(): Node[] {
  const running = nodeAt(process.execPath)
  const oldest = major(running) === OLDEST ? running : installed("node-oldest", String(OLDEST))
  const newest = installed("node-latest", "latest")
  return newest.version === oldest.version ? [oldest] : [oldest, newest]
}

function major(node: Node): number {
  return Number(node.version.split(".", 1)[0])
}

function installed(folder: string, version: string): Node {
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
