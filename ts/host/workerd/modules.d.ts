declare module "cloudflare:sockets" {
  export function connect(
    address: { hostname: string; port: number },
    options?: { secureTransport?: "on" | "off" | "starttls"; allowHalfOpen?: boolean },
  ): import("./sockets.ts").Connection
}

declare module "cloudflare:workers" {
  export function waitUntil(promise: Promise<unknown>): void
}
