import { execFileSync } from "node:child_process"
import { randomBytes } from "node:crypto"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

/** The files of a certificate and its key, in PEM. */
export interface Pair {
  readonly cert: string
  readonly key: string
}

/** Certificates for one run of one test file: an authority, what it has signed, and one that it has not. */
export class Certificates {
  /** The folder that they are in. It goes when the process ends. */
  readonly folder: string
  /** The authority's certificate. */
  readonly ca: string
  /** For localhost and 127.0.0.1. */
  readonly server: Pair
  /** For other.example. */
  readonly other: Pair
  /** A client's. */
  readonly client: Pair
  /** Signed by itself, for localhost. */
  readonly stranger: Pair

  constructor() {
    const build = join(dirname(fileURLToPath(import.meta.url)), "..")
    mkdirSync(build, { recursive: true })
    this.folder = mkdtempSync(join(build, "certificates-"))
    process.on("exit", () => rmSync(this.folder, { recursive: true, force: true }))
    this.ca = this.authority().cert
    this.server = this.signed("server", "localhost", "DNS:localhost,IP:127.0.0.1")
    this.other = this.signed("other", "other.example", "DNS:other.example")
    this.client = this.signed("client", "a client", "email:client@example.org")
    this.stranger = this.make("stranger", "localhost", ["-x509", "-addext", "subjectAltName=DNS:localhost"])
  }

  private authority(): Pair {
    return this.make("ca", "test authority", ["-x509", "-addext", "basicConstraints=critical,CA:TRUE"])
  }

  private signed(name: string, subject: string, alternatives: string): Pair {
    const pair = this.make(name, subject, [])
    const extensions = this.path(`${name}.ext`)
    writeFileSync(extensions, `subjectAltName=${alternatives}\nbasicConstraints=CA:FALSE\n`)
    // a serial number that begins with the digit 0, which not every host shows
    const serial = `0x0${randomBytes(12).toString("hex").slice(1)}`
    const authority = ["-CA", this.path("ca.cert"), "-CAkey", this.path("ca.key"), "-set_serial", serial]
    openssl("x509", "-req", "-in", pair.cert, ...authority, "-days", "2", "-extfile", extensions, "-out", pair.cert)
    return pair
  }

  /** A key, and a certificate or a request for one. */
  private make(name: string, subject: string, more: readonly string[]): Pair {
    const pair = { cert: this.path(`${name}.cert`), key: this.path(`${name}.key`) }
    const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    openssl(
      "req",
      "-new",
      ...kind,
      "-subj",
      `/O=gevent-wasm/CN=${subject}`,
      "-keyout",
      pair.key,
      "-out",
      pair.cert,
      ...more,
    )
    return pair
  }

  private path(name: string): string {
    return join(this.folder, name)
  }
}

function openssl(...args: string[]): void {
  execFileSync("openssl", args, { stdio: ["ignore", "ignore", "pipe"] })
}
