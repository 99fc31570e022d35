import { accessSync, constants, statSync } from "node:fs"
import { delimiter, resolve } from "node:path"
import process from "node:process"
import { E } from "../errno.ts"
import { errnoOfError } from "./errors.ts"

const DEFAULT_PATH = "/usr/local/bin:/bin:/usr/bin"

/**
 * Whether a process can be started in a folder and from a file, found as execvp(3) does. Hosts say so only later, each in its own
 * way, and Deno keeps pipes open that it made before.
 *
 * @returns 0, or a negative errno.
 */
export function checkProgram(file: string, folder: string, env: NodeJS.ProcessEnv): number {
  if (folder !== ".") {
    const result = check(() => {
      if (!statSync(folder).isDirectory()) return E.NOTDIR
      accessSync(folder, constants.X_OK)
      return 0
    })
    if (result !== 0) return -result
  }
  if (process.platform === "win32") return 0
  if (file.includes("/")) return -executable(resolve(folder, file))
  let denied = false
  for (const place of (env["PATH"] ?? DEFAULT_PATH).split(delimiter)) {
    const result = executable(resolve(folder, place, file))
    if (result === 0) return 0
    if (result === E.ACCES) denied = true
  }
  return denied ? -E.ACCES : -E.NOENT
}

function executable(path: string): number {
  return check(() => {
    if (!statSync(path).isFile()) return E.ACCES
    accessSync(path, constants.X_OK)
    return 0
  })
}

function check(look: () => number): number {
  try {
    return look()
  } catch (error) {
    // who may not look learns it from the host, if at all
    return (error as Error).name === "NotCapable" ? 0 : errnoOfError(error)
  }
}
