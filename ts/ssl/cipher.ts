import type { SecureSession } from "../host/secure.ts"

/** A cipher suite, the version of TLS that defined it, and its secret bits. */
export type Cipher = [name: string, version: string, secretBits: number]

/** The cipher of a session; null for none. */
export function cipherOf(session: SecureSession | null): Cipher | null {
  const cipher = session?.cipher ?? null
  return cipher === null ? null : [cipher.name, cipher.version, secretBits(cipher.name)]
}

function secretBits(cipher: string): number {
  if (/256|CHACHA20/.test(cipher.replace(/SHA\d+$/, ""))) return 256
  return cipher.includes("3DES") || cipher.includes("DES-CBC3") ? 112 : 128
}
