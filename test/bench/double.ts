/** What piscina's thread runs: it takes a file. */
export default function double(number: number): number {
  return 2 * number
}
