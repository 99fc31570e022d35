/** The stack of the code that runs now, without the library's part at its end where the host tells it apart. */
export function currentStack(limit = Infinity): string {
  const error = Error as unknown as { stackTraceLimit?: number }
  const before = error.stackTraceLimit
  if (before !== undefined) error.stackTraceLimit = Infinity
  const stack = new Error("").stack ?? ""
  if (before !== undefined) error.stackTraceLimit = before
  const lines = stack.split("\n")
  return lines
    .filter((line) => line !== "" && line !== "Error" && line !== "Error: ")
    .slice(0, limit)
    .join("\n")
}
