import { compiles, kindsOf, syntaxError, type SyntaxKind } from "./syntax.ts"

// What may follow; the last two close what nothing else can.
const ENDINGS = ["", ")", "]", ",", "finally {}", "`", "*/"]

/**
 * Whether a source that is not right is the beginning of one that is. An error inside it stays the same whatever follows, and one at
 * its end does not.
 */
export function beginning(source: string): boolean {
  return kindsOf(source).some((kind) => {
    if (closesMore(kind, source)) return false
    // an object is no block
    return dependsOnEnd(kind, source) || (/^\s*\{/.test(source) && dependsOnEnd(kind, `return (${source}`))
  })
}

function dependsOnEnd(kind: SyntaxKind, source: string): boolean {
  const messages = ENDINGS.map((ending) => syntaxError(kind, `${source}\n${ending}`)?.message)
  return messages.some((message) => message !== messages[0])
}

/** Whether its last line closes a brace that nothing has opened: it would close the function around it. */
function closesMore(kind: SyntaxKind, source: string): boolean {
  const line = source.lastIndexOf("\n") + 1
  for (let at = source.indexOf("}", line); at >= 0; at = source.indexOf("}", at + 1)) {
    const before = source.slice(0, at)
    // what anything may follow is a comment
    if (compiles(kind, before) && !compiles(kind, `${before})@`)) return true
  }
  return false
}
