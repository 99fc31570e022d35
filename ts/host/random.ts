// getRandomValues fills no more than this at once.
const QUOTA = 65536

/** Fills the array with random bytes fit for cryptography. */
export function random(into: Uint8Array): void {
  for (let at = 0; at < into.length; at += QUOTA) {
    const part = into.subarray(at, at + QUOTA)
    crypto.getRandomValues(part as Uint8Array<ArrayBuffer>)
  }
}
