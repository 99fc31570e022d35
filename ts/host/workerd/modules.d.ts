declare module "cloudflare:sockets" {
  /** Returns a `Connection` of sockets.ts, which a declaration of a module cannot import. */
  export function connect(
    address: { hostname: string; port: number },
    options?: { secureTransport?: "on" | "off" | "starttls"; allowHalfOpen?: boolean },
  ): unknown
}

declare module "cloudflare:workers" {
  export function waitUntil(promise: Promise<unknown>): void
}
