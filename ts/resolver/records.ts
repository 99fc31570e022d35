import { gaierror } from "../exceptions.ts"
import { Records, textOf, type Option } from "./answer.ts"
import { canonicalAddress } from "./numeric.ts"
import { ARES_ENODATA, ARES_SUCCESS, rawError } from "./status.ts"

/** What every record has. */
interface Owned {
  /** Whose record it is; after aliases, the name that they lead to. */
  readonly name: string
  /** For how many seconds it holds. */
  readonly ttl: number
}

/** A and AAAA: an address. */
export interface AddressRecord extends Owned {
  readonly address: string
}

/** CNAME, NS and PTR: another name. */
export interface NameRecord extends Owned {
  readonly value: string
}

/** MX: who takes mail; the lowest priority first. */
export interface MxRecord extends Owned {
  readonly priority: number
  readonly exchange: string
}

/** SOA: what a zone says of itself. Times are seconds. */
export interface SoaRecord extends Owned {
  readonly nsname: string
  readonly hostmaster: string
  readonly serial: number
  readonly refresh: number
  readonly retry: number
  readonly expire: number
  readonly minttl: number
}

/** SRV: where a service is. */
export interface SrvRecord extends Owned {
  readonly priority: number
  readonly weight: number
  readonly port: number
  readonly target: string
}

/** TXT: texts, read as UTF-8, and their bytes. */
export interface TxtRecord extends Owned {
  readonly entries: readonly string[]
  readonly data: readonly Uint8Array[]
}

/** CAA: who may issue certificates. */
export interface CaaRecord extends Owned {
  readonly critical: number
  readonly tag: string
  readonly value: string
}

/** NAPTR: how to rewrite a name. */
export interface NaptrRecord extends Owned {
  readonly order: number
  readonly preference: number
  readonly flags: string
  readonly service: string
  readonly regexp: string
  readonly replacement: string
}

/** TLSA: which certificate a service has. */
export interface TlsaRecord extends Owned {
  readonly certUsage: number
  readonly selector: number
  readonly match: number
  readonly data: Uint8Array
}

/** The parameters of SVCB and HTTPS; those without a name of their own are `key65280` and so on, as bytes. */
export interface SvcParams {
  readonly mandatory?: readonly string[]
  readonly alpn?: readonly string[]
  readonly noDefaultAlpn?: true
  readonly port?: number
  readonly ipv4hint?: readonly string[]
  readonly ech?: Uint8Array
  readonly ipv6hint?: readonly string[]
  readonly [key: `key${number}`]: Uint8Array
}

/** SVCB and HTTPS: how to reach a service. Priority 0 makes it an alias of the target. */
export interface SvcbRecord extends Owned {
  readonly priority: number
  readonly target: string
  readonly params: SvcParams
}

/** URI: where a service is. */
export interface UriRecord extends Owned {
  readonly priority: number
  readonly weight: number
  readonly target: string
}

/** The types of records that `resolve` knows, and what it returns for each. */
export interface RecordTypes {
  A: AddressRecord
  NS: NameRecord
  CNAME: NameRecord
  SOA: SoaRecord
  PTR: NameRecord
  MX: MxRecord
  TXT: TxtRecord
  AAAA: AddressRecord
  SRV: SrvRecord
  NAPTR: NaptrRecord
  TLSA: TlsaRecord
  SVCB: SvcbRecord
  HTTPS: SvcbRecord
  URI: UriRecord
  CAA: CaaRecord
}

/** A type of records. */
export type RecordType = keyof RecordTypes

/** A record with its type. */
export type AnyRecord = { [T in RecordType]: RecordTypes[T] & { readonly type: T } }[RecordType]

/** A type of records: its number, and how one is read. */
export type Kind<T extends RecordType> = readonly [number: number, read: (record: Records) => RecordTypes[T]]

function kind<T extends RecordType>(number: number, read: (record: Records) => RecordTypes[T]): Kind<T> {
  return [number, read]
}

const address = (record: Records): AddressRecord => ({
  name: record.name,
  ttl: record.ttl,
  address: record.string(1),
})
const name = (record: Records): NameRecord => ({ name: record.name, ttl: record.ttl, value: record.string(1) })
const service = (record: Records): SvcbRecord => ({
  name: record.name,
  ttl: record.ttl,
  priority: record.number(1),
  target: record.string(2),
  params: params(record.options(3)),
})

const KINDS_BY_TYPE: { readonly [T in RecordType]: Kind<T> } = {
  A: kind<"A">(1, address),
  NS: kind<"NS">(2, name),
  CNAME: kind<"CNAME">(5, name),
  SOA: kind<"SOA">(6, (record) => ({
    name: record.name,
    ttl: record.ttl,
    nsname: record.string(1),
    hostmaster: record.string(2),
    serial: record.number(3),
    refresh: record.number(4),
    retry: record.number(5),
    expire: record.number(6),
    minttl: record.number(7),
  })),
  PTR: kind<"PTR">(12, name),
  MX: kind<"MX">(15, (record) => ({
    name: record.name,
    ttl: record.ttl,
    priority: record.number(1),
    exchange: record.string(2),
  })),
  TXT: kind<"TXT">(16, (record) => {
    const data = record.binaries(1)
    return { name: record.name, ttl: record.ttl, entries: data.map((entry) => textOf(entry)), data }
  }),
  AAAA: kind<"AAAA">(28, address),
  SRV: kind<"SRV">(33, (record) => ({
    name: record.name,
    ttl: record.ttl,
    priority: record.number(2),
    weight: record.number(3),
    port: record.number(4),
    target: record.string(5),
  })),
  NAPTR: kind<"NAPTR">(35, (record) => ({
    name: record.name,
    ttl: record.ttl,
    order: record.number(1),
    preference: record.number(2),
    flags: record.string(3),
    service: record.string(4),
    regexp: record.string(5),
    replacement: record.string(6),
  })),
  TLSA: kind<"TLSA">(52, (record) => ({
    name: record.name,
    ttl: record.ttl,
    certUsage: record.number(1),
    selector: record.number(2),
    match: record.number(3),
    data: record.binary(4),
  })),
  SVCB: kind<"SVCB">(64, service),
  HTTPS: kind<"HTTPS">(65, service),
  URI: kind<"URI">(256, (record) => ({
    name: record.name,
    ttl: record.ttl,
    priority: record.number(1),
    weight: record.number(2),
    target: record.string(3),
  })),
  CAA: kind<"CAA">(257, (record) => ({
    name: record.name,
    ttl: record.ttl,
    critical: record.number(1),
    tag: record.string(2),
    value: record.string(3),
  })),
}

const KINDS = new Map<string, Kind<RecordType>>(Object.entries(KINDS_BY_TYPE) as [string, Kind<RecordType>][])

/**
 * A type of records: its number, and how one is read.
 *
 * @throws {RangeError} when there is no such type.
 */
export function kindOf<T extends RecordType>(type: T): Kind<T> {
  const found = KINDS.get(type) as Kind<T> | undefined
  if (found === undefined) {
    throw new RangeError(`there are no records of type ${String(type)}, but of ${[...KINDS.keys()].join(", ")}`)
  }
  return found
}

/** The records of a kind in a reply. @throws {gaierror} with c-ares' code when there are none. */
export function readReply<T extends RecordType>(
  [wanted, read]: Kind<T>,
  asked: string,
  status: number,
  answer: number,
): RecordTypes[T][] {
  if (status !== ARES_SUCCESS) throw rawError(status, gaierror)
  const found: RecordTypes[T][] = []
  const records = new Records(answer, asked)
  while (records.next()) if (records.type === wanted) found.push(read(records))
  if (found.length === 0) throw rawError(ARES_ENODATA, gaierror)
  return found
}

/** The records of all kinds in a reply. @throws {gaierror} with c-ares' code when there are none. */
export function readAny(asked: string, status: number, answer: number): AnyRecord[] {
  if (status !== ARES_SUCCESS) throw rawError(status, gaierror)
  const found: AnyRecord[] = []
  const records = new Records(answer, asked)
  while (records.next()) {
    for (const [type, [number, read]] of KINDS)
      if (number === records.type) found.push({ type, ...read(records) } as AnyRecord)
  }
  if (found.length === 0) throw rawError(ARES_ENODATA, gaierror)
  return found
}

const PARAMS = ["mandatory", "alpn", "noDefaultAlpn", "port", "ipv4hint", "ech", "ipv6hint"]

function params(options: readonly Option[]): SvcParams {
  const found: Record<string, unknown> = {}
  for (const [key, value] of options) found[paramName(key)] = paramValue(key, value)
  return found as SvcParams
}

function paramName(key: number): string {
  return PARAMS[key] ?? `key${key}`
}

function paramValue(key: number, value: Uint8Array): unknown {
  switch (PARAMS[key]) {
    case "mandatory":
      return groups(value, 2).map((part) => paramName(part[0]! * 256 + part[1]!))
    case "alpn":
      return lengthPrefixed(value)
    case "noDefaultAlpn":
      return true
    case "port":
      return value[0]! * 256 + value[1]!
    case "ipv4hint":
      return groups(value, 4).map((part) => part.join("."))
    case "ipv6hint":
      return groups(value, 16).map(ipv6Text)
    default:
      return value
  }
}

/** Whole groups only: what is cut short is left out. */
function groups(value: Uint8Array, size: number): Uint8Array[] {
  const parts: Uint8Array[] = []
  for (let at = 0; at + size <= value.length; at += size) parts.push(value.subarray(at, at + size))
  return parts
}

function lengthPrefixed(value: Uint8Array): string[] {
  const parts: string[] = []
  for (let at = 0; at < value.length; at += 1 + value[at]!)
    parts.push(textOf(value.subarray(at + 1, at + 1 + value[at]!)))
  return parts
}

function ipv6Text(bytes: Uint8Array): string {
  return canonicalAddress(
    groups(bytes, 2)
      .map((pair) => (pair[0]! * 256 + pair[1]!).toString(16))
      .join(":"),
  )
}
