import { execFileSync } from "node:child_process"
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import * as assert from "uvu/assert"
import { startWorkerd, type Workerd } from "./workerd.ts"

const BUNDLE = ["--bundle", "--format=esm", "--conditions=workerd"]
const EXTERNAL = ["--external:cloudflare:*", "--external:node:*", "--external:*.wasm"]

let count = 0
const folder = mkdtempSync(join(tmpdir(), "gevent-edge-"))
process.on("exit", () => rmSync(folder, { recursive: true, force: true }))

/** A folder in which a project that has installed the package is built. */
export function project(name: string): string {
  const root = join(folder, name)
  mkdirSync(join(root, "node_modules", ".bin"), { recursive: true })
  mkdirSync(join(root, "dist"))
  symlinkSync(resolve("."), join(root, "node_modules", "gevent-wasm"))
  for (const command of ["esbuild", "workerd"]) {
    symlinkSync(resolve("node_modules", ".bin", command), join(root, "node_modules", ".bin", command))
  }
  symlinkSync(resolve("dist", "cli.js"), join(root, "node_modules", ".bin", "gevent"))
  return root
}

/** What a worker is told and whom it trusts. */
export interface WorkerOptions {
  /** Variables, by name. */
  readonly bindings?: Readonly<Record<string, string | number>>
  /** The certificate of the authority that its network trusts; without one there is no TLS. */
  readonly ca?: string
}

/** A worker of this folder that runs. */
export class TestWorker {
  private readonly workerd: Workerd

  private constructor(workerd: Workerd) {
    this.workerd = workerd
  }

  /** Bundles a worker of this folder and starts it in workerd. */
  static async start(name: string, { bindings = {}, ca }: WorkerOptions): Promise<TestWorker> {
    const root = project(`${name}-${++count}`)
    for (const file of [`${name}.ts`, "routes.ts"]) copyFileSync(join("test", "edge", file), join(root, file))
    execFileSync("node_modules/.bin/esbuild", [`${name}.ts`, ...BUNDLE, ...EXTERNAL, "--outfile=dist/worker.js"], {
      cwd: root,
      stdio: "pipe",
    })
    copyFileSync("dist/hub.wasm", join(root, "dist", "hub.wasm"))
    copyFileSync("build/test/wasm/everything.wasm", join(root, "dist", "everything.wasm"))
    if (ca !== undefined) copyFileSync(ca, join(root, "dist", "ca.cert"))
    const trust = ca === undefined ? "" : ', tlsOptions = (trustedCertificates = [embed "ca.cert"])'
    const network = /, tlsOptions = \(.*?\)(?=\)\))/
    const variables = Object.entries(bindings).map(([name, value]) => `(name = "${name}", text = "${value}")`)
    const config = readFileSync("examples/edge/config.capnp", "utf8")
      .replace(/127\.0\.0\.1:\d+/g, "127.0.0.1:0")
      .replaceAll("echo_client.wasm", "everything.wasm")
      .replace(network, trust)
      .replace(/bindings = \[.*\]/, `bindings = [${variables.join()}]`)
    writeFileSync(join(root, "dist", "config.capnp"), config)
    return new TestWorker(await startWorkerd(join(root, "dist", "config.capnp"), ["http", "tcp"]))
  }

  /** Asks one of its routes, whose answer is JSON. */
  async ask(path: string, init: RequestInit = {}): Promise<unknown> {
    const answer = await fetch(`http://127.0.0.1:${this.workerd.ports.get("http")}${path}`, {
      signal: AbortSignal.timeout(20_000),
      ...init,
    })
    const text = await answer.text()
    assert.is(answer.status, 200, `${path}: ${text}\n${this.log()}`)
    return JSON.parse(text) as unknown
  }

  /** The port of its TCP socket on 127.0.0.1. */
  get port(): number {
    return this.workerd.ports.get("tcp")!
  }

  /** What workerd has printed. */
  log(): string {
    return this.workerd.log()
  }

  stop(): void {
    this.workerd.stop()
  }
}
