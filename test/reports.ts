import { getHub, type Op, type Wait } from "gevent-wasm"

/** What the hub has printed about errors since the last call; the first call redirects its stream. */
export function takeReports(): string[] {
  const hub = getHub()
  const texts = printed
  printed = []
  hub.exceptionStream = (text) => void printed.push(text)
  return texts
}

let printed: string[] = []

/** What the hub prints about errors while an operation runs. */
export function* reported(operation: () => Op<unknown>): Generator<Wait<unknown>, string, unknown> {
  const hub = getHub()
  const { exceptionStream } = hub
  let reports = ""
  hub.exceptionStream = (report) => (reports += report)
  try {
    yield* operation()
  } finally {
    hub.exceptionStream = exceptionStream
  }
  return reports
}
