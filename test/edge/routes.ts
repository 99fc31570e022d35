import type { Op, Wait } from "gevent-wasm"
import { NotSupportedError } from "gevent-wasm/exceptions"
import type { Socket } from "gevent-wasm/socket"

/** What a path of a worker answers with, as JSON. */
export type Route<E = unknown> = (parameters: URLSearchParams, environment: E, request: Request) => unknown

/** A worker's `fetch`. A route that throws answers with status 500. */
export function answering<E>(
  routes: Record<string, Route<E>>,
): (request: Request, environment: E) => Promise<Response> {
  return async (request, environment) => {
    const { pathname, searchParams } = new URL(request.url)
    const route = routes[pathname]
    if (route === undefined) return new Response("no such route", { status: 404 })
    try {
      return Response.json((await route(searchParams, environment, request)) ?? null)
    } catch (error) {
      return new Response(error instanceof Error ? error.stack : String(error), { status: 500 })
    }
  }
}

/** What is thrown by a call. */
export function failureOf(call: () => unknown): unknown {
  try {
    call()
    return "nothing thrown"
  } catch (error) {
    return described(error)
  }
}

/** An error as JSON can have it. */
export function described(error: unknown): unknown {
  const { name, code, message, capability } = error as Error & { code?: string; capability?: string }
  return { name, code, message, capability, typed: error instanceof NotSupportedError }
}

/** Why an operation fails: its code, or the name of an error without one; `"none"` when it works. */
export function* codeOf(op: Op<unknown>): Generator<Wait<unknown>, string, unknown> {
  try {
    yield* op
    return "none"
  } catch (error) {
    const { code, name } = error as Error & { code?: string }
    return code ?? name
  }
}

/** What a socket receives, up to the end of the stream. */
export function* readAll(socket: Socket): Generator<Wait<unknown>, string, unknown> {
  const decoder = new TextDecoder()
  let text = ""
  for (;;) {
    const chunk = yield* socket.recv(65536)
    if (chunk.length === 0) return text
    text += decoder.decode(chunk, { stream: true })
  }
}
