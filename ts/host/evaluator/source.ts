import { compiles, kindsOf, syntaxError, type SyntaxKind } from "./syntax.ts"

/** A source as the body of a function that returns its value. */
export interface Body {
  readonly kind: SyntaxKind
  readonly body: string
  /** The names that it declares. */
  readonly names: readonly string[]
}

/** The last statement is looked for at this many semicolons. */
const SEMICOLONS = 100
const DECLARATION = /^\s*(?:async\s+)?(?:function|class)\b/
const DECLARES = /\b(?:let|const|var|function|class|using)\b/
const NAME = /[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*/gu

/** What a source means, or the error of one that is not right. The engine's own parser is asked: it knows its language. */
export function analyse(source: string): { code: Body; error: null } | { code: null; error: SyntaxError } {
  let first: SyntaxError | null = null
  for (const kind of kindsOf(source)) {
    const text = withoutEnd(source)
    if (isExpression(kind, text)) return { code: { kind, body: valueOf(text), names: [] }, error: null }
    const error = syntaxError(kind, source)
    first ??= error
    if (error !== null) continue
    return { code: { kind, body: statements(kind, text) ?? source, names: declared(kind, source) }, error }
  }
  return { code: null, error: first! }
}

function withoutEnd(source: string): string {
  return source.replace(/[\s;]+$/, "")
}

/** The second pair of brackets finds out those that close the first. */
function isExpression(kind: SyntaxKind, text: string): boolean {
  return !DECLARATION.test(text) && compiles(kind, valueOf(text)) && compiles(kind, `[\n${text}\n]`)
}

/** Whether there is nothing but comments in it: it may stand before and behind a number. */
function isBlank(kind: SyntaxKind, text: string): boolean {
  return compiles(kind, `(0 ${text}\n)`) && compiles(kind, `(${text}\n0)`)
}

function valueOf(expression: string): string {
  return `return (${expression}\n)`
}

/** Statements, of which the last one gives its value; null when that is no expression. */
function statements(kind: SyntaxKind, text: string): string | null {
  let at = text.lastIndexOf(";")
  for (let left = SEMICOLONS; at >= 0 && left > 0; left--, at = at > 0 ? text.lastIndexOf(";", at - 1) : -1) {
    const [head, tail] = [text.slice(0, at + 1), text.slice(at + 1)]
    const blank = isBlank(kind, tail)
    if (!blank && !isExpression(kind, tail)) continue
    // where anything may be inserted is a comment
    if (!compiles(kind, head) || compiles(kind, `${head})@${tail}`)) continue
    if (!blank) return `${head}${valueOf(tail)}`
    const rest = withoutEnd(head)
    return isExpression(kind, rest) ? valueOf(rest) : statements(kind, rest)
  }
  return null
}

/** Those names are declared that cannot be declared a second time. */
function declared(kind: SyntaxKind, source: string): string[] {
  if (!DECLARES.test(source)) return []
  const names = new Set(source.match(NAME))
  return clashing([...names].filter((name) => compiles(kind, `let ${name}`)))

  function clashing(candidates: string[]): string[] {
    if (candidates.length === 0 || compiles(kind, `let ${candidates.join()};${source}`)) return []
    if (candidates.length === 1) return candidates
    const half = candidates.length >> 1
    return [...clashing(candidates.slice(0, half)), ...clashing(candidates.slice(half))]
  }
}
