import { Scope } from "./evaluator/scope.ts"
import { analyse } from "./evaluator/source.ts"
import { beginning } from "./evaluator/unfinished.ts"
import type { SyntaxKind } from "./evaluator/syntax.ts"

/** Code that can run. A generator waits with `yield*`, an async function with `await`. */
export interface Code {
  readonly kind: SyntaxKind
  /** Runs it once: a generator that has not begun, or a promise. */
  run(): unknown
}

/** Compiles what is typed at a prompt, and keeps what it declares and assigns. */
export interface Evaluator {
  /** What its code sees before what is global; what it declares and assigns comes here. */
  readonly locals: Record<string, unknown>
  /** What the frames of its code are called in stacks. */
  readonly frame: string
  /**
   * The code of a source; null when that is only the beginning of one.
   *
   * @throws {SyntaxError}
   */
  compile(source: string): Code | null
}

const FRAME = "<console>"

// the indirect kind: its code sees what is global, and nothing of this module
const evaluate = eval

/**
 * An evaluator in this realm, so that its arrays and errors are those of the program. Names are looked up in `locals`, in what these
 * inherit, and in what is global.
 */
export function createEvaluator(locals: Record<string, unknown>): Evaluator {
  const scope = new Scope(locals)
  return {
    locals,
    frame: FRAME,
    compile(source) {
      const { code, error } = analyse(source)
      if (code === null) {
        if (beginning(source)) return null
        throw error
      }
      scope.expect(source)
      const define = `arguments[0]({${code.names.map(accessor).join()}});`
      const head = code.kind === "async" ? "async function" : "function*"
      const text = `(function(){with(arguments[0])return ${head}(){${define}${code.body}\n}})\n//# sourceURL=${FRAME}`
      const make = evaluate(text) as (names: object) => (declare: (names: object) => void) => unknown
      const run = make(scope.names)
      return { kind: code.kind, run: () => run((declared) => scope.declare(declared)) }
    },
  }
}

/** A declared name lives in the code that declares it; its functions and later inputs see the same variable. */
function accessor(name: string): string {
  return `get ${name}(){return ${name}},set ${name}(${name}_){${name}=${name}_}`
}
