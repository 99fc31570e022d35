/**
 * Arguments as one line, quoted as Windows' programs read it. Python: `subprocess.list2cmdline(seq)`.
 *
 * @throws {TypeError} unless they are texts.
 * @example
 * ```ts
 * import { list2cmdline } from "gevent-wasm/subprocess"
 * console.log(list2cmdline(["a b", 'say "hi"'])) // "a b" "say \"hi\""
 * ```
 */
export function list2cmdline(args: Iterable<string>): string {
  return Array.from(args, quote).join(" ")
}

function quote(arg: string): string {
  if (typeof arg !== "string") throw new TypeError(`an argument must be a string, not ${String(arg)}`)
  // backslashes count only before a quote
  const escaped = arg.replace(/(\\*)"/g, '$1$1\\"')
  if (arg !== "" && !/[ \t]/.test(arg)) return escaped
  return `"${escaped.replace(/(\\+)$/, "$1$1")}"`
}
