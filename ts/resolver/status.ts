import { hubModule } from "../core/hubmodule.ts"
import { gaierror, herror } from "../exceptions.ts"
import { EAI_ADDRFAMILY, EAI_FAMILY, EAI_NONAME, EAI_SERVICE, EAI_SOCKTYPE } from "./constants.ts"

/** c-ares: it went well. */
export const ARES_SUCCESS = 0
/** c-ares: the name has no record of the type. */
export const ARES_ENODATA = 1
/** c-ares: a server cannot answer. */
export const ARES_ESERVFAIL = 3
/** c-ares: there is no such name. */
export const ARES_ENOTFOUND = 4
/** c-ares: the name is none. */
export const ARES_EBADNAME = 8
/** c-ares: a reply could not be understood. */
export const ARES_EBADRESP = 10
/** c-ares: no server could be reached. */
export const ARES_ECONNREFUSED = 11
/** c-ares: no server has answered in time. */
export const ARES_ETIMEOUT = 12
/** c-ares: there is no memory. */
export const ARES_ENOMEM = 15
/** c-ares: the channel was closed. */
export const ARES_EDESTRUCTION = 16

/** c-ares: nobody waits any more. */
export const ARES_ECANCELLED = 24

/** What an error is made by: `gaierror` for names, `herror` for addresses. */
export type NameErrorClass = typeof gaierror | typeof herror

// c-ares' codes in order, without ARES_
const STATUS =
  "SUCCESS ENODATA EFORMERR ESERVFAIL ENOTFOUND ENOTIMP EREFUSED EBADQUERY EBADNAME EBADFAMILY EBADRESP ECONNREFUSED ETIMEOUT EOF EFILE ENOMEM EDESTRUCTION EBADSTR EBADFLAGS ENONAME EBADHINTS ENOTINITIALIZED ELOADIPHLPAPI EADDRGETNETWORKPARAMS ECANCELLED ESERVICE ENOSERVER ENOTFOUND".split(
    " ",
  )

const EAI: Readonly<Record<number, readonly [code: string, text: string]>> = {
  [EAI_NONAME]: ["ENOTFOUND", "Name or service not known"],
  [EAI_FAMILY]: ["EAI_FAMILY", "ai_family not supported"],
  [EAI_SOCKTYPE]: ["EAI_SOCKTYPE", "ai_socktype not supported"],
  [EAI_SERVICE]: ["EAI_SERVICE", "Servname not supported for ai_socktype"],
  [EAI_ADDRFAMILY]: ["EAI_ADDRFAMILY", "Address family for hostname not supported"],
}

/** The error for one of the system's EAI_ numbers. */
export function eaiError(errno: number): gaierror {
  const [code, text] = EAI[errno] ?? ["EAI_FAIL", "Non-recoverable failure in name resolution"]
  return new gaierror(errno, text, code)
}

/** The error of an address that has no name. */
export function unknownHost(): herror {
  return new herror(1, "Unknown host", "ENOTFOUND")
}

/** The error for a code of c-ares. As gevent has it, a missing name has the system's number, and the rest c-ares' own. */
export function aresError(status: number, type: NameErrorClass): gaierror | herror {
  if (status === ARES_ENOTFOUND || status === ARES_ENODATA) {
    return type === herror ? unknownHost() : eaiError(EAI_NONAME)
  }
  return rawError(status, type)
}

/** The same for a search of addresses: that there is no such name is a gaierror, whoever asks. */
export function namingError(status: number, type: NameErrorClass): gaierror | herror {
  const missing = status === ARES_ENOTFOUND || status === ARES_ENODATA
  return aresError(status, missing ? gaierror : type)
}

/** The error for a code of c-ares, with that code. */
export function rawError(status: number, type: NameErrorClass): gaierror | herror {
  const { exports, memory } = hubModule()
  const name = STATUS[status] ?? String(status)
  return new type(status, `ARES_${name}: ${memory.string(exports.resolver_error(status) >>> 0)}`, name)
}

/** An error of names as one of the class; other errors as they are. */
export function ofClass(error: unknown, type: NameErrorClass): unknown {
  if (!(error instanceof gaierror) || type === gaierror) return error
  return Object.assign(new type(error.errno, error.strerror, error.code), { cause: error.cause })
}
