import { NotSupportedError } from "gevent-wasm/exceptions"

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
