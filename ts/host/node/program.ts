import { accessSync, constants, statSync } from "node:fs"
import { delimiter, isAbsolute, resolve } from "node:path"
import process from "node:process"
import { E } from "../errno.ts"
import { errnoOfError } from "./errors.ts"

const DEFAULT_PATH = "/usr/local/bin:/bin:/usr/bin"

// Where a PATH has a name, which is looked at first: to look through all of a PATH takes a tenth of the time of a start.
const places = new Map<string, string>()
const MOST_PLACES = 1000

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
  const path = env["PATH"] ?? DEFAULT_PATH
  const key = `${file}\0${path}`
  const known = places.get(key)
  if (known !== undefined && executable(known) === 0) return 0
  let denied = false
  for (const place of path.split(delimiter)) {
    const candidate = resolve(folder, place, file)
    const result = executable(candidate)
    if (result === 0) {
      if (places.size >= MOST_PLACES) places.clear()
      if (isAbsolute(place)) places.set(key, candidate)
      return 0
    }
    if (result === E.ACCES) denied = true
  }
  return denied ? -E.ACCES : -E.NOENT
}

function executable(path: string): number {
  return check(() => {
    // most places of a PATH have it not, and an error takes long to be made
    const stat = statSync(path, { throwIfNoEntry: false })
    if (stat === undefined) return E.NOENT
    if (!stat.isFile()) return E.ACCES
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
