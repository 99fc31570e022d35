// The same questions asked of ours, of dig, and, where it is installed, of native gevent's resolver, with dnsmasq as the server.
import { AresResolver, type RecordType } from "gevent-wasm/resolver"
import { execFile, spawn, spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import dgram from "node:dgram"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { suite } from "uvu"
import * as assert from "uvu/assert"

const test = suite("dnsmasq")
const runFile = promisify(execFile)
const PYTHON = "/usr/bin/python3"

const ZONE = `
no-resolv
no-hosts
local=/test/
local=/in-addr.arpa/
local=/ip6.arpa/
local-ttl=77
host-record=host.test,192.0.2.1
host-record=six.test,2001:db8::6
host-record=both.test,192.0.2.11,2001:db8::11
cname=alias.test,host.test
mx-host=host.test,mail.test,10
mx-host=host.test,backup.test,20
txt-record=host.test,first text,second
srv-host=_sip._udp.test,host.test,5060,1,2
naptr-record=host.test,100,10,S,SIP+D2U,,_sip._udp.test
caa-record=host.test,0,issue,ca.test
ptr-record=_http._tcp.test,web._http._tcp.test
dns-rr=host.test,52,030101deadbeef
dns-rr=host.test,65,0001000001000302683200030002015f
dns-rr=uri.test,256,000a000168747470733a2f2f7572692e746573742f
`

const folder = mkdtempSync(join(tmpdir(), "dnsmasq-"))
const port = await freePort()
writeFileSync(join(folder, "conf"), `${ZONE}port=${port}\nlisten-address=127.0.0.1\nbind-interfaces\n`)
const server = spawn("dnsmasq", ["--keep-in-foreground", "--user=", "--pid-file=", "-C", join(folder, "conf")], {
  stdio: "ignore",
})
const resolver = new AresResolver({
  servers: `127.0.0.1:${port}`,
  timeout: 5,
  tries: 4,
  hosts: null,
  resolvConf: null,
  useEnviron: false,
})

test.before(async () => {
  for (let left = 200; left > 0; left--) {
    if ((await dig("host.test", "A")).length > 0) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error("dnsmasq did not start")
})

test.after(() => {
  resolver.close()
  server.kill("SIGKILL")
  rmSync(folder, { recursive: true })
})

/** A port that nobody has, and that the system gives to nobody who asks for any while dnsmasq starts. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 20_000)
    const socket = dgram.createSocket("udp4")
    const free = await new Promise<boolean>((resolve) => {
      socket.once("error", () => resolve(false))
      socket.bind(port, "127.0.0.1", () => resolve(true))
    })
    await new Promise<void>((resolve) => socket.close(() => resolve()))
    if (free) return port
  }
}

/** The data of the records that dig shows, in some order. */
async function dig(name: string, type: string): Promise<string[]> {
  const args = ["@127.0.0.1", "-p", String(port), "+short", "+tries=1", "+time=1", name, type]
  const { stdout } = await runFile("dig", args).catch(() => ({ stdout: "" }))
  return stdout
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith(";"))
    .sort()
}

// how dig writes what we have
const SHOWN: Partial<Record<RecordType, (record: never) => string>> = {
  A: ({ address }: { address: string }) => address,
  AAAA: ({ address }: { address: string }) => address,
  CNAME: ({ value }: { value: string }) => `${value}.`,
  PTR: ({ value }: { value: string }) => `${value}.`,
  MX: ({ priority, exchange }: { priority: number; exchange: string }) => `${priority} ${exchange}.`,
  TXT: ({ entries }: { entries: string[] }) => entries.map((entry) => `"${entry}"`).join(" "),
  SRV: ({ priority, weight, port, target }: { priority: number; weight: number; port: number; target: string }) =>
    `${priority} ${weight} ${port} ${target}.`,
  NAPTR: (record: {
    order: number
    preference: number
    flags: string
    service: string
    regexp: string
    replacement: string
  }) =>
    `${record.order} ${record.preference} "${record.flags}" "${record.service}" "${record.regexp}" ${record.replacement}.`,
  CAA: ({ critical, tag, value }: { critical: number; tag: string; value: string }) => `${critical} ${tag} "${value}"`,
  TLSA: (record: { certUsage: number; selector: number; match: number; data: Uint8Array }) =>
    `${record.certUsage} ${record.selector} ${record.match} ${Buffer.from(record.data).toString("hex").toUpperCase()}`,
  HTTPS: ({
    priority,
    target,
    params,
  }: {
    priority: number
    target: string
    params: { alpn: string[]; port: number }
  }) => `${priority} ${target}. alpn="${params.alpn.join(",")}" port=${params.port}`,
  URI: ({ priority, weight, target }: { priority: number; weight: number; target: string }) =>
    `${priority} ${weight} "${target}"`,
}

const QUESTIONS: readonly [name: string, type: RecordType][] = [
  ["host.test", "A"],
  ["six.test", "AAAA"],
  ["both.test", "A"],
  ["both.test", "AAAA"],
  ["host.test", "MX"],
  ["host.test", "TXT"],
  ["_sip._udp.test", "SRV"],
  ["host.test", "NAPTR"],
  ["host.test", "CAA"],
  ["_http._tcp.test", "PTR"],
  ["host.test", "TLSA"],
  ["host.test", "HTTPS"],
  ["uri.test", "URI"],
  ["alias.test", "CNAME"],
]

for (const [name, type] of QUESTIONS) {
  test(`the ${type} records of ${name} are those that dig shows`, async () => {
    const records = (await resolver.resolve(name, type)) as unknown as never[]
    const shown = records.map(SHOWN[type]!).sort()
    const expected = await dig(name, type)
    assert.ok(expected.length > 0)
    assert.equal(shown, expected)
  })
}

test("TTLs are the server's", async () => {
  const [record] = await resolver.resolve("host.test", "A")
  assert.ok(record!.ttl >= 70 && record!.ttl <= 77)
})

test("names of addresses are those that dig shows", async () => {
  assert.equal(await resolver.reverse("192.0.2.1"), ["host.test"])
  assert.equal(await dig("1.2.0.192.in-addr.arpa", "PTR"), ["host.test."])
  assert.equal(await resolver.reverse("2001:db8::6"), ["six.test"])
})

// what native gevent says to the same, as JSON
const PROGRAM = `
import json, sys
from gevent.resolver.ares import Resolver
r = Resolver(servers=["127.0.0.1"], udp_port=int(sys.argv[1]), tcp_port=int(sys.argv[1]), timeout=5, tries=2)
out = []
for name, args in json.load(sys.stdin):
    try:
        out.append(json.loads(json.dumps(getattr(r, name)(*[tuple(a) if isinstance(a, list) else a for a in args]))))
    except Exception as e:
        out.append([type(e).__name__, e.args[0]])
print(json.dumps(out))
`
const METHODS = {
  gethostbyname: "gethostbyname",
  gethostbyname_ex: "gethostbynameEx",
  getaddrinfo: "getaddrinfo",
  gethostbyaddr: "gethostbyaddr",
  getnameinfo: "getnameinfo",
} as const
const hasGevent = spawnSync(PYTHON, ["-c", "import gevent"]).status === 0

test(`RA-14: the five calls give what native gevent gives${hasGevent ? "" : " (which is not installed)"}`, async () => {
  if (!hasGevent) return
  const calls: [keyof typeof METHODS, unknown[]][] = [
    ...["host.test", "alias.test", "both.test", "missing.test", "192.0.2.5", "HOST.test"].flatMap(
      (name): [keyof typeof METHODS, unknown[]][] => [
        ["gethostbyname", [name]],
        ["gethostbyname_ex", [name]],
        ["getaddrinfo", [name, 80, 0, 1]],
        ["getaddrinfo", [name, "domain", 2]],
      ],
    ),
    ["getaddrinfo", ["six.test", 80, 0, 2]],
    ["getaddrinfo", ["host.test", 70000, 2, 1]],
    ["getaddrinfo", ["host.test", "no such service"]],
    ["gethostbyaddr", ["192.0.2.99"]],
    ["getnameinfo", [["192.0.2.1", 80], 0]],
    ["getnameinfo", [["192.0.2.1", 80], 3]],
    ["getnameinfo", [["192.0.2.99", 80], 8]],
    ["getnameinfo", [["192.0.2.1", 53], 16]],
  ]
  const native = spawnSync(PYTHON, ["-c", PROGRAM, String(port)], { input: JSON.stringify(calls), encoding: "utf8" })
  assert.is(native.status, 0, native.stderr)
  const expected = JSON.parse(native.stdout) as unknown[]
  for (const [i, [name, args]] of calls.entries()) {
    const method = resolver[METHODS[name]].bind(resolver) as (...args: unknown[]) => PromiseLike<unknown>
    const ours = await Promise.resolve(method(...args)).catch((error: Error & { errno: number }) => [
      error.name,
      error.errno,
    ])
    assert.equal(plain(ours), plain(expected[i]), `${name}(${JSON.stringify(args)})`)
  }
})

/** Without what differs on purpose: canonical names that nobody asked for, and the spelling of the question. */
function plain(result: unknown): unknown {
  const copy = JSON.parse(JSON.stringify(result).toLowerCase()) as unknown
  if (Array.isArray(copy) && Array.isArray(copy[0])) for (const entry of copy as unknown[][]) entry[3] = ""
  return copy
}

test.run()
