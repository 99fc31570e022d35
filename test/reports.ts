import { getHub } from "gevent-wasm"

/** What the hub has printed about errors since the last call; the first call redirects its stream. */
export function takeReports(): string[] {
  const hub = getHub()
  const texts = printed
  printed = []
  hub.exceptionStream = (text) => void printed.push(text)
  return texts
}

let printed: string[] = []
