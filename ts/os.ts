export { close, makeNonblocking, nbRead, nbWrite, pipe, tpRead, tpWrite, type Data } from "./os/descriptor.ts"
export { fork, forkAndWatch, forkpty, kill, killpg } from "./os/process.ts"
export * from "./os/status.ts"
export { waitpid, WCONTINUED, WNOHANG, WUNTRACED } from "./os/waitpid.ts"
