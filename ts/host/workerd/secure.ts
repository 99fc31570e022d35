import type { Descriptor } from "../descriptor.ts"
import { E } from "../errno.ts"
import type { CredentialOptions, Credentials, Secure, SecureOptions } from "../secure.ts"
import { SecureStream } from "./securestream.ts"
import { Stream } from "./stream.ts"

/** There is nothing to choose but whether workerd's own authorities are trusted. */
class Trust {
  readonly defaultAuthorities: boolean

  constructor(defaultAuthorities: boolean) {
    this.defaultAuthorities = defaultAuthorities
  }
}

const AUTHORITIES = "workerd trusts the authorities that its configuration names, and no others"

/** See `Host.credentials`: what workerd cannot do is refused, and nothing is left out in silence. */
export function createCredentials(options: CredentialOptions): Credentials | string {
  const { minimumVersion, maximumVersion } = options
  if (options.chains.length > 0) return "workerd shows no certificate of a client"
  if (options.authorities.length > 0) return AUTHORITIES
  if (options.ciphers !== "" || options.curves !== "") return "workerd chooses ciphers and curves itself"
  if (minimumVersion === "TLSv1.3" || (maximumVersion !== "" && maximumVersion !== "TLSv1.3")) {
    return "workerd speaks TLS 1.2 and 1.3, and cannot be told to leave one out"
  }
  if (options.options !== 0) return "workerd has no options of TLS"
  return new Trust(options.defaultAuthorities)
}

/** See `Host.secure`. */
export function secure(inner: Descriptor, options: SecureOptions): Secure | string | number {
  if (options.server) return -E.NOTSUP
  if (!(inner instanceof Stream)) return "workerd has TLS only for connections of its own"
  if (options.verify === "none" || !options.checkName) return "workerd verifies every certificate and the name in it"
  if (options.protocols.length > 0) return "workerd has no ALPN"
  if (options.ragged) return "workerd does not tell whether the peer has announced the end of a stream"
  if (!(options.credentials as Trust).defaultAuthorities) return `${AUTHORITIES}: loadDefaultCerts() says so`
  const { host, kept } = inner
  if (kept !== "") return `workerd ${kept}`
  // Socket.startTls({ expectedServerHostname }) is refused by some versions of workerd, and ignored by others.
  if (host.toLowerCase() !== options.name.toLowerCase()) {
    return `workerd verifies the name that it has connected to, which was ${host}: connect to ${options.name}`
  }
  return new SecureStream(inner)
}
