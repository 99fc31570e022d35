/**
 * A C program, or one of its green threads, ended abnormally: a trap, an exhausted stack, a deadlock. `cause` is the host's
 * error when there is one.
 */
export class ProgramError extends Error {
  override name = "ProgramError"
}
