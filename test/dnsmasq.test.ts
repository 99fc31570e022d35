// The same questions asked of ours, of dig, and, where it is installed, of native gevent's resolvers, with dnsmasq as the server.
import { AresResolver, type RecordType, type SoaRecord, type SvcbRecord } from "gevent-wasm/resolver"
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
dns-rr=_dns.test,64,000104686f73740474657374000001000302683200030002035500040004c0000201
dns-rr=zone.test,2,026e73047465737400
dns-rr=zone.test,6,026e730474657374000a686f73746d617374657204746573740078a5303500001c2000000384001275000000012c
dns-rr=uri.test,256,000a000168747470733a2f2f7572692e746573742f
`

const HOSTS = `
127.0.0.1 localhost
192.0.2.50 filed.example filed-alias
2001:db8::50 filed6.example
`

const RESOLV_CONF = `
nameserver 127.0.0.1
search nothing.test test
`

const folder = mkdtempSync(join(tmpdir(), "dnsmasq-"))
const port = await freePort()
writeFileSync(join(folder, "conf"), `${ZONE}listen-address=127.0.0.1\nbind-interfaces\n`)
writeFileSync(join(folder, "hosts"), HOSTS)
writeFileSync(join(folder, "resolv.conf"), RESOLV_CONF)
const server = spawn(
  "dnsmasq",
  ["--keep-in-foreground", "--user=", "--pid-file=", "-C", join(folder, "conf"), `--port=${port}`],
  { stdio: "ignore" },
)
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

function service({ priority, target, params: { alpn, port, ipv4hint } }: SvcbRecord): string {
  const hint = ipv4hint === undefined ? "" : ` ipv4hint=${ipv4hint.join(",")}`
  return `${priority} ${target}. alpn="${alpn?.join(",")}" port=${port}${hint}`
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
  HTTPS: service,
  SVCB: service,
  NS: ({ value }: { value: string }) => `${value}.`,
  SOA: ({ nsname, hostmaster, serial, refresh, retry, expire, minttl }: SoaRecord) =>
    `${nsname}. ${hostmaster}. ${serial} ${refresh} ${retry} ${expire} ${minttl}`,
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
  ["_dns.test", "SVCB"],
  ["zone.test", "NS"],
  ["zone.test", "SOA"],
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
const ASK = `
import json, sys
calls = json.load(sys.stdin)
def ask(r):
    out = []
    for name, args in calls:
        try:
            out.append(json.loads(json.dumps(getattr(r, name)(*[tuple(a) if isinstance(a, list) else a for a in args]))))
        except Exception as e:
            out.append([type(e).__name__, e.args[0]])
    return out
`
const PROGRAM = `${ASK}
from gevent.resolver.ares import Resolver
port = int(sys.argv[1])
print(json.dumps(ask(Resolver(servers=["127.0.0.1"], udp_port=port, tcp_port=port, timeout=5, tries=2))))
`
// with files of its own in the place of the system's, and with dnsmasq on the port that the system's functions ask
const OWN_FILES = `mount --bind "$1/hosts" /etc/hosts && mount --bind "$1/resolv.conf" /etc/resolv.conf && exec ${PYTHON} -c "$2" "$1/conf"`
const SYSTEM_PROGRAM = `${ASK}
import fcntl, socket, struct, subprocess
from gevent.resolver.ares import Resolver as Ares
from gevent.resolver.thread import Resolver as Thread
SIOCSIFFLAGS, IFF_UP = 0x8914, 1
fcntl.ioctl(socket.socket(), SIOCSIFFLAGS, struct.pack("16sh", b"lo", IFF_UP))
subprocess.check_call(["dnsmasq", "--user=root", "--group=root", "--pid-file=", "--port=53", "-C", sys.argv[1]])
print(json.dumps([ask(Ares(timeout=5)), ask(Thread())]))
`
const METHODS = {
  gethostbyname: "gethostbyname",
  gethostbyname_ex: "gethostbynameEx",
  getaddrinfo: "getaddrinfo",
  gethostbyaddr: "gethostbyaddr",
  getnameinfo: "getnameinfo",
} as const
type Calls = [method: keyof typeof METHODS, args: unknown[]][]
const hasGevent = spawnSync(PYTHON, ["-c", "import gevent"]).status === 0

test(`RA-14: the five calls give what native gevent gives${hasGevent ? "" : " (which is not installed)"}`, async () => {
  if (!hasGevent) return
  const calls: Calls = [
    ...["host.test", "alias.test", "both.test", "missing.test", "192.0.2.5", "HOST.test"].flatMap((name): Calls => [
      ["gethostbyname", [name]],
      ["gethostbyname_ex", [name]],
      ["getaddrinfo", [name, 80, 0, 1]],
      ["getaddrinfo", [name, "domain", 2]],
    ]),
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
  const ours = await answers(resolver, calls)
  for (const [i, call] of calls.entries()) assert.equal(plain(ours[i]), plain(expected[i]), JSON.stringify(call))
})

const UNSHARE = ["--mount", "--net", "--pid", "--fork", "--kill-child"]
const hasNamespaces = hasGevent && spawnSync("unshare", [...UNSHARE, "true"]).status === 0

test(`RA-14: files, search domains and names of addresses are those of native gevent's ares and thread resolvers${hasNamespaces ? "" : " (which is not installed, or may have no files of its own)"}`, async () => {
  if (!hasNamespaces) return
  const calls: Calls = [
    ...["host", "alias", "both", "host.test", "missing.test", "filed.example", "filed-alias", "FILED.example"].flatMap(
      (name): Calls => [
        ["gethostbyname", [name]],
        ["gethostbyname_ex", [name]],
        ["getaddrinfo", [name, 80, 0, 1]],
      ],
    ),
    ...["both", "six", "filed6.example"].flatMap((name): Calls => [["getaddrinfo", [name, 80, 10, 1]]]),
    ...["192.0.2.1", "192.0.2.50", "2001:db8::6", "2001:db8::50", "192.0.2.99", "host", "filed-alias"].flatMap(
      (address): Calls => [["gethostbyaddr", [address]]],
    ),
    ...["192.0.2.1", "192.0.2.50", "2001:db8::6", "192.0.2.99"].flatMap((address): Calls =>
      [0, 8].map((flags) => ["getnameinfo", [[address, 80], flags]]),
    ),
  ]
  const native = spawnSync("unshare", [...UNSHARE, "sh", "-c", OWN_FILES, "sh", folder, SYSTEM_PROGRAM], {
    input: JSON.stringify(calls),
    encoding: "utf8",
  })
  assert.is(native.status, 0, native.stderr)
  const [ares, thread] = JSON.parse(native.stdout) as [unknown[], unknown[]]
  using own = new AresResolver({
    servers: `127.0.0.1:${port}`,
    timeout: 5,
    tries: 4,
    hosts: join(folder, "hosts"),
    resolvConf: join(folder, "resolv.conf"),
    useEnviron: false,
  })
  const ours = await answers(own, calls)
  for (const [i, call] of calls.entries()) {
    assert.equal(unordered(ours[i]), unordered(ares[i]), `ares: ${JSON.stringify(call)}`)
    assert.equal(unordered(ours[i]), unordered(thread[i]), `thread: ${JSON.stringify(call)}`)
  }
})

/** What ours says to each: what it returns, or the class and the number of its error. */
async function answers(of: AresResolver, calls: Calls): Promise<unknown[]> {
  const results: unknown[] = []
  for (const [name, args] of calls) {
    const method = of[METHODS[name]].bind(of) as (...args: unknown[]) => PromiseLike<unknown>
    results.push(
      await Promise.resolve(method(...args)).catch((error: Error & { errno: number }) => [error.name, error.errno]),
    )
  }
  return results
}

/** Without what the resolvers of native gevent differ in as well: the order of addresses, and a name among its own aliases. */
function unordered(result: unknown): unknown {
  const copy = plain(result)
  if (!Array.isArray(copy)) return copy
  if (Array.isArray(copy[0])) return (copy as unknown[]).map((entry) => JSON.stringify(entry)).sort()
  if (Array.isArray(copy[1])) copy[1] = (copy[1] as unknown[]).filter((alias) => alias !== copy[0])
  return copy as unknown
}

/** Without what differs on purpose: canonical names that nobody asked for, and the spelling of the question. */
function plain(result: unknown): unknown {
  const copy = JSON.parse(JSON.stringify(result).toLowerCase()) as unknown
  if (Array.isArray(copy) && Array.isArray(copy[0])) for (const entry of copy as unknown[][]) entry[3] = ""
  return copy
}

test.run()
