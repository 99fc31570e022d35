import { host } from "#host"

// the one above means that it stays what it is
const LARGEST = 2 ** 32 - 2

/**
 * The number of a user or a group.
 *
 * @param file - Where the system lists them by name.
 * @throws {TypeError} for another type, {RangeError} for a number that is negative or above 32 bits, or a name that is not listed.
 */
export function accountNumber(kind: "user" | "group", account: number | string | null): number | null {
  if (account === null) return null
  if (typeof account === "number" && Number.isInteger(account)) {
    if (account < 0) throw new RangeError(`a ${kind} must not be negative: ${account}`)
    if (account > LARGEST) throw new RangeError(`a ${kind} must be at most ${LARGEST}, not ${account}`)
    return account
  }
  if (typeof account !== "string") throw new TypeError(`a ${kind} must be a number or a name, not ${String(account)}`)
  const list = new TextDecoder().decode(host.readFile(kind === "user" ? "/etc/passwd" : "/etc/group"))
  for (const line of list.split("\n")) {
    const [name, , number] = line.split(":")
    if (name === account && number !== undefined) return Number(number)
  }
  throw new RangeError(`there is no ${kind} ${JSON.stringify(account)}`)
}
