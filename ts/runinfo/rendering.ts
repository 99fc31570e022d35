/** A line of a tree; details are drawn in another way than the nodes of children. */
export interface Line {
  readonly text: string
  readonly detail: boolean
}

/** The lines of a node: its label and its details, which may have several lines each. */
export function renderNode(label: string, details: readonly string[], root: boolean): Line[] {
  const lines = details.flatMap((detail) => detail.split("\n")).map((text) => drawDetail(text, root ? ":" : " "))
  return [{ text: label, detail: false }, ...lines]
}

/** Puts the lines of a child below those of its parent. */
export function appendChild(lines: Line[], child: readonly Line[], last: boolean): void {
  const [head, ...rest] = child
  lines.push({ text: ` +--- ${head!.text}`, detail: false })
  for (const { text, detail } of rest) {
    if (detail) lines.push(drawDetail(text, last ? " " : ":"))
    else lines.push({ text: ` ${last ? " " : "|"}   ${text}`, detail: false })
  }
}

function drawDetail(text: string, marker: string): Line {
  return { text: ` ${marker}    ${text}`, detail: true }
}
