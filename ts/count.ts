/**
 * How many of some objects are to be waited for: all of them for null.
 *
 * @throws {TypeError} unless `count` is a number or null; {RangeError} when it is no whole number.
 */
export function wantedOf(count: number | null, objects: readonly unknown[]): number {
  if (count === null) return objects.length
  if (typeof count !== "number") throw new TypeError(`count must be a number or null, not ${String(count)}`)
  if (!Number.isInteger(count) && count !== Infinity) throw new RangeError(`count must be a whole number, not ${count}`)
  return Math.min(count, objects.length)
}
