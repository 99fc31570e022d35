import { host } from "#host"
import { gaierror, herror } from "../exceptions.ts"
import { getHub } from "../hub.ts"
import type { Wait } from "../wait.ts"
import { AbstractResolver } from "./abstract.ts"
import type { Found } from "./answer.ts"
import { AF_INET, AF_INET6, EAI_AGAIN, EAI_FAIL, EAI_NONAME } from "./constants.ts"
import { Foreign } from "./foreign.ts"
import { eaiError, unknownHost, type NameErrorClass } from "./status.ts"

/**
 * The resolver that is the host's own look-up: on Node the system's functions, in a few threads. It knows what the system knows
 * besides names servers, such as mDNS, but cannot be told what to ask, and a look-up that nobody waits for goes on.
 *
 * gevent: `gevent.resolver.thread.Resolver`.
 *
 * @example
 * ```ts
 * import { getHub } from "gevent-wasm"
 * import { HostResolver } from "gevent-wasm/resolver"
 * getHub().resolver = new HostResolver()
 * console.log(await getHub().resolver.gethostbyname("localhost")) // 127.0.0.1
 * ```
 */
export class HostResolver extends AbstractResolver {
  /** From now on the hub does not report greenlets that end with an error of names, as gevent's does not. */
  constructor() {
    super()
    const { notError } = getHub()
    for (const type of [gaierror, herror]) if (!notError.includes(type)) notError.push(type)
  }

  close(): void {
    // it holds nothing
  }

  protected search<T>(
    name: string,
    family: number,
    _aliases: boolean,
    _type: NameErrorClass,
    finish: (found: Found) => T,
  ): Wait<T> {
    return new Foreign(`the addresses of ${name}`, async () => {
      const found = await host.lookup(name, family === AF_INET6 ? 6 : family === AF_INET ? 4 : 0).catch(lookupFailed)
      const addresses = found.map((one) => ({
        family: one.family === 6 ? AF_INET6 : AF_INET,
        address: one.address,
        ttl: 0,
      }))
      return finish({ name, aliases: [], addresses })
    })
  }

  protected searchAddress<T>(address: string, family: number, finish: (found: Found) => T): Wait<T> {
    return new Foreign(`the name of ${address}`, async () => {
      const name = await host.lookupAddress(address).catch(addressFailed)
      if (name === address) throw unknownHost()
      return finish({ name, aliases: [], addresses: [{ family, address, ttl: 0 }] })
    })
  }
}

// the errors of hosts, by their codes
function lookupFailed(error: unknown): never {
  const { code, message } = error as { code?: string; message?: string }
  if (code === "ENOTFOUND" || code === "ENODATA") throw eaiError(EAI_NONAME)
  const errno = code === "EAI_AGAIN" ? EAI_AGAIN : EAI_FAIL
  throw Object.assign(new gaierror(errno, message ?? String(error), code ?? "EAI_FAIL"), { cause: error })
}

function addressFailed(error: unknown): never {
  const { code, message } = error as { code?: string; message?: string }
  if (code === "ENOTFOUND" || code === "ENODATA") throw unknownHost()
  // TRY_AGAIN and NO_RECOVERY of netdb.h
  throw Object.assign(new herror(code === "EAI_AGAIN" ? 2 : 3, message ?? String(error), code ?? "EAI_FAIL"), {
    cause: error,
  })
}
