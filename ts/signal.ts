export * from "./signal/numbers.ts"
export { getsignal, SIG_DFL, SIG_IGN, signal, type Handler, type SignalAction } from "./signal/signal.ts"
