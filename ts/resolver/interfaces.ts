import { host } from "#host"
import { textOf } from "./answer.ts"

/** The number of a network interface; undefined when there is none of the name, or the host does not show them. */
export function interfaceIndex(name: string): number | undefined {
  if (!/^[\w.-]{1,15}$/.test(name) || name === "." || name === "..") return undefined
  const text = read(`/sys/class/net/${name}/ifindex`)
  return text === undefined ? undefined : Number(text)
}

/** The name of a network interface by its number; the number itself when it is not known. */
export function interfaceName(index: number): string {
  const names = (read("/proc/net/dev") ?? "").matchAll(/^\s*([\w.-]+):/gm)
  for (const [, name] of names) if (interfaceIndex(name!) === index) return name!
  return String(index)
}

function read(path: string): string | undefined {
  try {
    return textOf(host.readFile(path))
  } catch {
    return undefined
  }
}
