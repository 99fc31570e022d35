export { Context, copyContext } from "./contextvars/context.ts"
export { ContextVar } from "./contextvars/contextvar.ts"
export { Token } from "./contextvars/token.ts"
