import { inet, inet6 } from "./inet.ts"
import { unix } from "./unix.ts"

/** The domains of stream sockets, by the family of their addresses. */
export const domains = { inet, inet6, unix }
