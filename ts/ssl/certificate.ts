import type { PeerCertificate } from "../host/secure.ts"

/** A name's parts: each is a list of pairs, of which it nearly always has one. */
export type DistinguishedName = [key: string, value: string][][]

/** A certificate as Python shows it. gevent: what `SSLSocket.getpeercert()` returns. */
export interface CertificateInfo {
  /** `[[["commonName", "example.org"]]]`. */
  subject: DistinguishedName
  issuer: DistinguishedName
  /** 3. */
  version: number
  /** Upper-case hexadecimal. */
  serialNumber: string
  /** `"Nov 25 09:49:10 2026 GMT"`; see `certTimeToSeconds`. */
  notBefore: string
  notAfter: string
  /** `[["DNS", "example.org"], ["IP Address", "127.0.0.1"]]`. */
  subjectAltName?: [kind: string, value: string][]
  /** Where to ask whether it was revoked. */
  OCSP?: string[]
  /** Where its issuer's certificate is. */
  caIssuers?: string[]
}

const LONG_NAMES: Readonly<Record<string, string>> = {
  C: "countryName",
  CN: "commonName",
  DC: "domainComponent",
  GN: "givenName",
  L: "localityName",
  O: "organizationName",
  OU: "organizationalUnitName",
  SN: "surname",
  ST: "stateOrProvinceName",
  UID: "userId",
}

/** Python's view of a certificate. */
export function describeCertificate(certificate: PeerCertificate): CertificateInfo {
  const { raw, serialNumber, notBefore, notAfter, alternativeNames, access } = certificate
  const names = parseAlternativeNames(alternativeNames)
  return {
    subject: distinguishedName(certificate.subject),
    issuer: distinguishedName(certificate.issuer),
    version: versionOf(raw),
    serialNumber,
    notBefore,
    notAfter,
    ...(names.length > 0 ? { subjectAltName: names } : {}),
    ...(access["OCSP - URI"] === undefined ? {} : { OCSP: [...access["OCSP - URI"]] }),
    ...(access["CA Issuers - URI"] === undefined ? {} : { caIssuers: [...access["CA Issuers - URI"]] }),
  }
}

function distinguishedName(name: PeerCertificate["subject"]): DistinguishedName {
  return Object.entries(name).flatMap(([key, value]) =>
    [value].flat().map((one): [string, string][] => [[LONG_NAMES[key] ?? key, one]]),
  )
}

/** The entries of `DNS:a, IP Address:::1, URI:"x, y"`: an entry with a comma is a JSON string. */
function parseAlternativeNames(text: string): [string, string][] {
  const entries = text.match(/[^:,]+:(?:"(?:[^"\\]|\\.)*"|[^,])*/g) ?? []
  return entries.map((entry) => {
    const colon = entry.indexOf(":")
    const value = entry.slice(colon + 1)
    return [entry.slice(0, colon).trim(), value.startsWith('"') ? (JSON.parse(value) as string) : value]
  })
}

/** The version in a certificate: [0] INTEGER at the start of the inner sequence; without it 1. */
function versionOf(der: Uint8Array): number {
  let at = skipHeader(der, skipHeader(der, 0))
  if (der[at] !== 0xa0) return 1
  at = skipHeader(der, at)
  return (der[at + 2] ?? 0) + 1
}

/** Where the contents of the element at an index begin. */
function skipHeader(der: Uint8Array, at: number): number {
  const length = der[at + 1] ?? 0
  return at + 2 + (length < 0x80 ? 0 : length & 0x7f)
}

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ")

/**
 * Seconds since 1970 of a certificate's `notBefore` or `notAfter`. gevent: `ssl.cert_time_to_seconds(cert_time)`.
 *
 * @throws {RangeError} for a text of another form.
 */
export function certTimeToSeconds(time: string): number {
  const match = /^(\w{3}) +(\d{1,2}) (\d\d):(\d\d):(\d\d) (\d{4}) GMT$/.exec(time)
  const month = match === null ? -1 : MONTHS.indexOf(match[1]!)
  if (match === null || month < 0)
    throw new RangeError(`${JSON.stringify(time)} is not like "Jan 12 13:15:00 2030 GMT"`)
  const [day, hour, minute, second, year] = match.slice(2).map(Number) as [number, number, number, number, number]
  return Date.UTC(year, month, day, hour, minute, second) / 1000
}
