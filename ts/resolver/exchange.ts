import { gaierror } from "../exceptions.ts"
import { ChunkQueue } from "../host/chunks.ts"
import { ARES_EBADRESP, ARES_ECANCELLED, ARES_ECONNREFUSED, ARES_ESERVFAIL, ARES_ETIMEOUT, rawError } from "./status.ts"

// what fits into a message at all
const LARGEST = 65535

/** Who is asked: the host's `fetch`, or one like it. */
export type Request = (url: string, init: RequestInit) => Promise<Response>

/**
 * Sends a query over HTTP and reads the reply. What is late, larger than a message, or not wanted any more is given up: the request
 * is aborted.
 *
 * @param timeout - Seconds.
 * @throws {gaierror} with c-ares' code.
 */
export async function exchange(
  request: Request,
  url: string,
  query: Uint8Array,
  timeout: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const controller = new AbortController()
  let cancel!: () => void
  let timer!: ReturnType<typeof setTimeout>
  // a fetch of somebody's own may know no signal
  const givenUp = new Promise<never>((_resolve, reject) => {
    cancel = () => reject(rawError(ARES_ECANCELLED, gaierror))
    timer = setTimeout(() => reject(rawError(ARES_ETIMEOUT, gaierror)), timeout * 1000)
  })
  signal.addEventListener("abort", cancel, { once: true })
  try {
    return await Promise.race([post(request, url, query, controller.signal), givenUp])
  } catch (error) {
    controller.abort()
    if (error instanceof gaierror) throw error
    throw Object.assign(rawError(ARES_ECONNREFUSED, gaierror), { cause: error })
  } finally {
    clearTimeout(timer)
    signal.removeEventListener("abort", cancel)
  }
}

async function post(request: Request, url: string, query: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
  const response = await request(url, {
    method: "POST",
    headers: { "content-type": "application/dns-message", accept: "application/dns-message" },
    body: query as Uint8Array<ArrayBuffer>,
    redirect: "manual",
    signal,
  })
  if (response.status !== 200) throw rawError(ARES_ESERVFAIL, gaierror)
  return bodyOf(response)
}

async function bodyOf(response: Response): Promise<Uint8Array> {
  const queue = new ChunkQueue()
  const reader = (response.body as ReadableStream<Uint8Array> | null)?.getReader()
  for (let next = await reader?.read(); next?.value !== undefined; next = await reader?.read()) {
    queue.push(next.value)
    if (queue.size > LARGEST) throw rawError(ARES_EBADRESP, gaierror)
  }
  const message = new Uint8Array(queue.size)
  queue.copyTo(message)
  return message
}
