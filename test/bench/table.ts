import type { Result } from "./row.ts"

const WIDTHS = [40, 14, 26, 17, 17, 8, 16] as const

/** The first line of the table. */
export function printHeading(): void {
  print(["work", "host", "peer", "ours", "theirs", "ratio", "bar"])
}

/** One line of the table. */
export function printResult({ name, host, unit, ours, peer, peerName, ratio, bar, ok }: Result): void {
  const limit = isSize(unit) ? `at most ${amount(bar, unit)}` : `at least ${bar}x`
  print([
    name,
    host,
    peerName ?? "",
    amount(ours, unit),
    peer === null ? "" : amount(peer, unit),
    ratio === null ? "" : `${ratio.toFixed(2)}x`,
    `${limit} ${ok ? "ok" : "MISSED"}`,
  ])
}

function print(cells: readonly string[]): void {
  console.log(
    cells
      .map((cell, i) => cell.padEnd(WIDTHS[i]!))
      .join(" ")
      .trimEnd(),
  )
}

function isSize(unit: string): boolean {
  return unit.startsWith("B")
}

function amount(value: number, unit: string): string {
  if (isSize(unit)) return `${Math.round(value)} ${unit}`
  for (const [factor, prefix] of [
    [1e6, "M"],
    [1e3, "k"],
  ] as const) {
    if (value >= factor) return `${(value / factor).toFixed(2)} ${prefix} ${unit}`
  }
  return `${value.toFixed(2)} ${unit}`
}
