const HEADER = "-----BEGIN CERTIFICATE-----"
const FOOTER = "-----END CERTIFICATE-----"

/** The PEM text of a certificate in DER. gevent: `ssl.DER_cert_to_PEM_cert(der_cert_bytes)`. */
export function DERCertToPEMCert(der: Uint8Array): string {
  let binary = ""
  for (const byte of der) binary += String.fromCharCode(byte)
  return `${HEADER}\n${btoa(binary).replace(/.{1,64}/g, "$&\n")}${FOOTER}\n`
}

/**
 * The bytes in DER of a certificate in PEM. gevent: `ssl.PEM_cert_to_DER_cert(pem_cert_string)`.
 *
 * @throws {RangeError} for a text that is none.
 */
export function PEMCertToDERCert(pem: string): Uint8Array {
  const text = pem.trim()
  if (!text.startsWith(HEADER)) throw new RangeError(`Invalid PEM encoding; must start with ${HEADER}`)
  if (!text.endsWith(FOOTER)) throw new RangeError(`Invalid PEM encoding; must end with ${FOOTER}`)
  const binary = atob(text.slice(HEADER.length, -FOOTER.length).replace(/\s/g, ""))
  return Uint8Array.from(binary, (character) => character.charCodeAt(0))
}
