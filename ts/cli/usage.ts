/** The arguments of a command are wrong: it ends with 2, as one that is not known does. */
export class UsageError extends Error {
  override name = "UsageError"
}
