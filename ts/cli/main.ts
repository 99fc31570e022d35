#!/usr/bin/env node
import { host } from "#host"
import { version } from "../index.ts"
import { cc } from "./cc.ts"
import { resolveNames } from "./resolvenames.ts"
import { runProgram } from "./runprogram.ts"
import { UsageError } from "./usage.ts"

const USAGE = `gevent ${version}: green threads for JavaScript hosts

  gevent cc FILE.c… -o APP.wasm [-O2 -Wall -DNAME -IDIR …]   compile and link a C program with the hub
  gevent run APP.wasm [ARGUMENT…]                            run it
  gevent resolve [-t TYPE] [-s SERVER] [-n COUNT] [--timeout SECONDS] NAME…
                                                             look names up, many at once

C programs include <gevent.h>. "gevent cc" needs emscripten (Debian: apt-get install emscripten) and the npm package binaryen.
`

const commands: Readonly<Record<string, (args: string[]) => Promise<number>>> = {
  cc,
  run: runProgram,
  resolve: resolveNames,
}

const [command = "", ...args] = host.args()
const call = commands[command]
if (call === undefined) {
  const asked = ["", "help", "--help", "-h"].includes(command)
  host.write(
    asked ? 1 : 2,
    new TextEncoder().encode(asked ? USAGE : `gevent: unknown command "${command}"\n\n${USAGE}`),
  )
  host.exitCode(asked ? 0 : 2)
} else {
  try {
    host.exitCode(await call(args))
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    host.write(2, new TextEncoder().encode(`gevent ${command}: ${message}\n`))
    host.exitCode(error instanceof UsageError ? 2 : 1)
  }
}
