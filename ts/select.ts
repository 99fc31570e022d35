export { SocketError as error } from "./exceptions.ts"
export * from "./select/constants.ts"
export { Poll, poll, type PollEvent } from "./select/poll.ts"
export { select, type Selectable } from "./select/select.ts"
