/** What a source is the body of. */
export type SyntaxKind = "generator" | "async"

type Constructor = new (body: string) => unknown

const constructors: Record<SyntaxKind, Constructor> = {
  generator: function* () {}.constructor as Constructor,
  async: async function () {}.constructor as Constructor,
}

/** What is wrong with a body, which is not run; null when nothing is. */
export function syntaxError(kind: SyntaxKind, body: string): SyntaxError | null {
  try {
    new constructors[kind](body)
    return null
  } catch (error) {
    return error as SyntaxError
  }
}

/** Whether a body is one. */
export function compiles(kind: SyntaxKind, body: string): boolean {
  return syntaxError(kind, body) === null
}

/** What a source may be, the likelier first: `await (x)` and `yield (x)` are calls to who does not know the word. */
export function kindsOf(source: string): readonly SyntaxKind[] {
  if (!/\bawait\b/.test(source)) return ["generator"]
  return /\byield\b/.test(source) ? ["generator", "async"] : ["async", "generator"]
}
