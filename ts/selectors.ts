export { GeventSelector, GeventSelector as DefaultSelector } from "./selectors/geventselector.ts"
export { EVENT_READ, EVENT_WRITE, type SelectorKey } from "./selectors/selectorkey.ts"
