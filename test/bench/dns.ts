import { Resolver } from "node:dns/promises"
import { Contender } from "./contender.ts"
import { startNameServer } from "./nameserver.ts"
import { alone, race } from "./pairs.ts"
import type { Bar, Bench, Result, Work } from "./row.ts"

export const name = "10,000 names, 100 in flight"
export const bars = {
  "dns.Resolver": { atLeast: 1 },
  "gevent ares": { atLeast: 2 },
  "ours, not cached": { atLeast: 5 },
  "": { atLeast: 1_000_000 },
} satisfies Record<string, Bar>

const NAMES = 10_000
const IN_FLIGHT = 100

let asked = 0

/** A name that nobody has asked for. */
function fresh(): string {
  return `n${asked++}.test`
}

/** A search for a name with c-ares at a server, by `gethostbyname` or for its records. */
async function resolve(
  server: string,
  method: "gethostbyname" | "resolve",
  next: () => string,
  cache: number | null = null,
): Promise<number> {
  const { joinall, run, spawn } = await import("gevent-wasm")
  const { AresResolver } = await import("gevent-wasm/resolver")
  using resolver = new AresResolver({ servers: server, cache, useEnviron: false })
  await run(function* () {
    let left = NAMES
    const greenlets = Array.from({ length: IN_FLIGHT }, () =>
      spawn(function* () {
        while (left-- > 0) yield* resolver[method](next())
      }),
    )
    yield* joinall(greenlets, null, { raiseError: true })
  })
  return NAMES
}

/** Each takes the address of a name server, and its port. */
export const works: Record<string, Work> = {
  ours: (host, port) => resolve(`${host}:${port}`, "resolve", fresh, 0), // dns.Resolver has no cache
  gethostbyname: (host, port) => resolve(`${host}:${port}`, "gethostbyname", fresh, 0),
  uncached: (host, port) => resolve(`${host}:${port}`, "resolve", fresh),
  cached: (host, port) => resolve(`${host}:${port}`, "resolve", () => "cached.test"),
  "dns.Resolver": async (host, port) => {
    const resolver = new Resolver()
    resolver.setServers([`${host}:${port}`])
    let left = NAMES
    const one = async (): Promise<void> => {
      while (left-- > 0) await resolver.resolve4(fresh())
    }
    await Promise.all(Array.from({ length: IN_FLIGHT }, one))
    return NAMES
  },
  literal: async () => {
    const { run } = await import("gevent-wasm")
    const { AF_INET, getaddrinfo, SOCK_STREAM } = await import("gevent-wasm/socket")
    await run(function* () {
      for (let i = 0; i < NAMES; i++) yield* getaddrinfo("192.0.2.1", 80, AF_INET, SOCK_STREAM)
    })
    return NAMES
  },
}

export async function* run(bench: Bench): AsyncGenerator<Result> {
  const server = await startNameServer(bench.tools)
  const address = ["127.0.0.1", String(server.port)]
  const work = (one: string) => (): Contender => Contender.work(bench, "dns", one, ...address)
  const pair = (peerName: keyof typeof bars, title = name) => ({
    name: title,
    unit: "names/s",
    peerName,
    bar: bars[peerName],
  })
  try {
    yield await race(bench, pair("dns.Resolver"), { ours: work("ours"), peer: work("dns.Resolver") })
    if (bench.runtime.host === "node") {
      const python = (): Contender => Contender.python(bench, "dns", ...address)
      yield await race(bench, pair("gevent ares"), { ours: work("gethostbyname"), peer: python })
    }
    const cached = pair("ours, not cached", "a name that is in the cache")
    yield await race(bench, cached, { ours: work("cached"), peer: work("uncached") })
    yield await literals(bench)
  } finally {
    await server.close()
  }
}

async function literals(bench: Bench): Promise<Result> {
  const contender = Contender.work(bench, "dns", "literal")
  try {
    let best = 0
    for (let i = 0; i < 5; i++) {
      const { count, cpu } = await contender.round()
      best = Math.max(best, count / cpu)
    }
    return alone(bench, "getaddrinfo of a literal", "calls/s", best, bars[""])
  } finally {
    await contender.stop()
  }
}
