import type { Data } from "../socket/bytes.ts"

/** What a file of a mode gives: bytes when there is a `b` in it, text otherwise. */
export type DataOf<M extends string> = string extends M
  ? string | Uint8Array
  : M extends `${string}b${string}`
    ? Uint8Array
    : string

/** What a file of a mode takes: bytes when there is a `b` in it, text otherwise. */
export type InputOf<M extends string> = string extends M
  ? Data
  : M extends `${string}b${string}`
    ? ArrayBufferView
    : string
