import { isatty } from "node:tty"

/** Whether a person reads what goes to standard error. */
export const terminal = isatty(2)
