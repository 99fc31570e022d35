import { accessSync, closeSync, constants, openSync, readSync, statSync } from "node:fs"
import { delimiter, dirname, isAbsolute, resolve } from "node:path"
import process from "node:process"
import { E } from "../errno.ts"
import { errnoOfError } from "./errors.ts"

const DEFAULT_PATH = "/usr/local/bin:/bin:/usr/bin"

// Where a PATH has a name, which is looked at first: to look through all of a PATH takes a tenth of the time of a start.
const places = new Map<string, string>()
const MOST_PLACES = 1000

/**
 * Whether a process can be started in a folder and from a file, found as execvp(3) does.
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
  const found = find(file, folder, env)
  return typeof found === "number" ? -found : 0
}

/** Where a program is, or an errno. */
function find(file: string, folder: string, env: NodeJS.ProcessEnv): string | number {
  if (file.includes("/")) {
    const path = resolve(folder, file)
    const result = executable(path)
    return result === 0 ? path : result
  }
  const path = env["PATH"] ?? DEFAULT_PATH
  const key = `${file}\0${path}`
  const known = places.get(key)
  if (known !== undefined && executable(known) === 0) return known
  let denied = false
  for (const place of path.split(delimiter)) {
    const candidate = resolve(folder, place, file)
    const result = executable(candidate)
    if (result === 0) {
      if (places.size >= MOST_PLACES) places.clear()
      if (isAbsolute(place)) places.set(key, candidate)
      return candidate
    }
    if (result === E.ACCES) denied = true
  }
  return denied ? E.ACCES : E.NOENT
}

/**
 * Why a program could not be started that is there, as far as files say it: its interpreter is not there, or the user that it is to
 * run as may not go to the folder or run it.
 *
 * @returns An errno, or 0.
 */
export function refusalOf(file: string, folder: string, env: NodeJS.ProcessEnv, uid: number, gid: number): number {
  const program = find(file, folder, env)
  if (typeof program === "number") return program
  return check(() => {
    const interpreter = interpreterOf(program)
    const missing = interpreter === null ? 0 : executable(resolve(folder, interpreter))
    if (missing !== 0) return missing
    const needed = [resolve(folder), program, ...(interpreter === null ? [] : [resolve(folder, interpreter)])]
    return needed.every((path) => isOpenTo(path, uid, gid)) ? 0 : E.ACCES
  })
}

/** What the first line of a script names. */
function interpreterOf(program: string): string | null {
  const start = new Uint8Array(256)
  const fd = openSync(program, "r")
  try {
    const line = new TextDecoder("latin1").decode(start.subarray(0, readSync(fd, start)))
    return /^#![ \t]*([^ \t\n\0]+)/.exec(line)?.[1] ?? null
  } finally {
    closeSync(fd)
  }
}

/** Whether a user may run a file, or enter a folder, and enter all folders above. */
function isOpenTo(path: string, uid: number, gid: number): boolean {
  const stat = statSync(path)
  const bit = stat.uid === uid ? 0o100 : stat.gid === gid ? 0o010 : 0o001
  if (uid !== 0 && (stat.mode & bit) === 0) return false
  return dirname(path) === path || isOpenTo(dirname(path), uid, gid)
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
