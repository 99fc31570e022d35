/** How lines end: null: in any way, and they are read with "\n"; "": in any way, which stays; or in this one way. */
export type Newline = null | "" | "\n" | "\r" | "\r\n"

/** @throws {RangeError} for another text. */
export function checkNewline(newline: string | null): asserts newline is Newline {
  if (newline === null || newline === "" || newline === "\n" || newline === "\r" || newline === "\r\n") return
  throw new RangeError(`illegal newline value: ${JSON.stringify(newline)}`)
}

/** Where the first line ends, behind its end; -1 when it does not in `text` from `from` on. */
export function lineEnd(text: string, from: number, newline: Newline): number {
  if (newline !== "") {
    const end = newline ?? "\n"
    const at = text.indexOf(end, from)
    return at < 0 ? -1 : at + end.length
  }
  const feed = text.indexOf("\n", from)
  const carriage = text.indexOf("\r", from)
  if (carriage < 0 || (feed >= 0 && feed < carriage)) return feed < 0 ? -1 : feed + 1
  return carriage + (text[carriage + 1] === "\n" ? 2 : 1)
}

/** What is written for a text. */
export function translated(text: string, newline: Newline): string {
  return newline === "\r" || newline === "\r\n" ? text.replaceAll("\n", newline) : text
}
