import type tls from "node:tls"
import type { PeerCertificate } from "../secure.ts"

/** The certificate that the peer has shown, or null. */
export function certificateOf(socket: tls.TLSSocket): PeerCertificate | null {
  const found = socket.getPeerCertificate() as tls.PeerCertificate | null | undefined
  if (found?.raw === undefined) return null
  const { raw } = found
  return {
    raw: new Uint8Array(raw),
    subject: names(found.subject),
    issuer: names(found.issuer),
    notBefore: found.valid_from,
    notAfter: found.valid_to,
    serialNumber: serial(found.serialNumber.toUpperCase()),
    alternativeNames: found.subjectaltname ?? "",
    access: access(found.infoAccess),
  }
}

// whole bytes, as OpenSSL writes them: Deno leaves a leading zero out
function serial(digits: string): string {
  return digits.length % 2 === 0 ? digits : `0${digits}`
}

function names(entity: tls.Certificate): Record<string, string | readonly string[]> {
  return { ...(entity as unknown as Record<string, string | readonly string[]>) }
}

function access(found: NodeJS.Dict<string[]> | undefined): Record<string, readonly string[]> {
  const result: Record<string, readonly string[]> = {}
  for (const [kind, uris] of Object.entries(found ?? {})) if (uris !== undefined) result[kind] = uris
  return result
}
