import { gaierror } from "../exceptions.ts"
import { readRecords, textOf, type Field, type RawRecord } from "./answer.ts"
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

type Body<T extends RecordType> = Omit<RecordTypes[T], keyof Owned>

type Kind<T extends RecordType> = readonly [number: number, read: (fields: RawRecord["fields"]) => Body<T>]

function kind<T extends RecordType>(number: number, read: (fields: RawRecord["fields"]) => Body<T>): Kind<T> {
  return [number, read]
}

const address = (fields: RawRecord["fields"]): Body<"A"> => ({ address: text(fields[1]) })
const name = (fields: RawRecord["fields"]): Body<"NS"> => ({ value: text(fields[1]) })
const service = (fields: RawRecord["fields"]): Body<"SVCB"> => ({
  priority: number(fields[1]),
  target: text(fields[2]),
  params: params(fields[3]),
})

const KINDS: { readonly [T in RecordType]: Kind<T> } = {
  A: kind<"A">(1, address),
  NS: kind<"NS">(2, name),
  CNAME: kind<"CNAME">(5, name),
  SOA: kind<"SOA">(6, (fields) => ({
    nsname: text(fields[1]),
    hostmaster: text(fields[2]),
    serial: number(fields[3]),
    refresh: number(fields[4]),
    retry: number(fields[5]),
    expire: number(fields[6]),
    minttl: number(fields[7]),
  })),
  PTR: kind<"PTR">(12, name),
  MX: kind<"MX">(15, (fields) => ({ priority: number(fields[1]), exchange: text(fields[2]) })),
  TXT: kind<"TXT">(16, (fields) => {
    const data = fields[1] as Uint8Array[]
    return { entries: data.map(textOf), data }
  }),
  AAAA: kind<"AAAA">(28, address),
  SRV: kind<"SRV">(33, (fields) => ({
    priority: number(fields[2]),
    weight: number(fields[3]),
    port: number(fields[4]),
    target: text(fields[5]),
  })),
  NAPTR: kind<"NAPTR">(35, (fields) => ({
    order: number(fields[1]),
    preference: number(fields[2]),
    flags: text(fields[3]),
    service: text(fields[4]),
    regexp: text(fields[5]),
    replacement: text(fields[6]),
  })),
  TLSA: kind<"TLSA">(52, (fields) => ({
    certUsage: number(fields[1]),
    selector: number(fields[2]),
    match: number(fields[3]),
    data: fields[4] as Uint8Array,
  })),
  SVCB: kind<"SVCB">(64, service),
  HTTPS: kind<"HTTPS">(65, service),
  URI: kind<"URI">(256, (fields) => ({
    priority: number(fields[1]),
    weight: number(fields[2]),
    target: text(fields[3]),
  })),
  CAA: kind<"CAA">(257, (fields) => ({
    critical: number(fields[1]),
    tag: text(fields[2]),
    value: text(fields[3]),
  })),
}

/**
 * The number of a type of records.
 *
 * @throws {RangeError} when there is no such type.
 */
export function typeNumber(type: RecordType): number {
  if (!Object.hasOwn(KINDS, type)) {
    throw new RangeError(`there are no records of type ${String(type)}, but of ${Object.keys(KINDS).join(", ")}`)
  }
  return KINDS[type][0]
}

/** The records of the type in a reply. @throws {gaierror} with c-ares' code when there are none. */
export function readReply<T extends RecordType>(type: T, status: number, answer: Uint8Array): RecordTypes[T][] {
  if (status !== ARES_SUCCESS) throw rawError(status, gaierror)
  const [wanted, read] = KINDS[type]
  const records: RecordTypes[T][] = []
  for (const { type, name, ttl, fields } of readRecords(answer)) {
    if (type === wanted) records.push({ name, ttl, ...read(fields) } as RecordTypes[T])
  }
  if (records.length === 0) throw rawError(ARES_ENODATA, gaierror)
  return records
}

function text(field: Field | undefined): string {
  return textOf(field as Uint8Array)
}

function number(field: Field | undefined): number {
  return field as number
}

const PARAMS = ["mandatory", "alpn", "noDefaultAlpn", "port", "ipv4hint", "ech", "ipv6hint"]

function params(field: Field | undefined): SvcParams {
  const found: Record<string, unknown> = {}
  for (const [key, value] of field as [number, Uint8Array][]) found[paramName(key)] = paramValue(key, value)
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
