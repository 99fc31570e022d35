import { Greenlet } from "../greenlet.ts"
import { getHub } from "../hub.ts"
import { allLocalDictsForGreenlet } from "../local/localdicts.ts"
import { RawGreenlet } from "../rawgreenlet.ts"
import { currentStrand, mainStrand, scheduler, type Strand } from "../strand.ts"
import { appendChild, renderNode, type Line } from "./rendering.ts"
import { currentStack } from "./stack.ts"

/** What is said of each greenlet; all of it by default. */
export interface TreeDetails {
  /** Where it is: the stack of the one that runs, what the others wait for. gevent: `running_stacks`. */
  runningStacks?: boolean
  /** How many frames of a stack; default all. gevent: `running_stack_limit`. */
  runningStackLimit?: number
  /** Where it was made, when `Greenlet.spawningStackLimit` was set. gevent: `spawning_stacks`. */
  spawningStacks?: boolean
  /** Its locals. */
  locals?: boolean
}

const VALUE_LENGTH = 30

/**
 * A greenlet and those that it has made, which have children themselves: everybody who has started and not ended, and who has ended
 * but made somebody who has not. gevent: `gevent.util.GreenletTree`.
 *
 * @example
 * ```ts
 * import { run, sleep, spawn } from "gevent-wasm"
 * import { GreenletTree } from "gevent-wasm/util"
 * await run(function* () {
 *   spawn(() => sleep(0.01))
 *   yield* sleep(0)
 *   console.log(GreenletTree.currentTree().format())
 * })
 * ```
 */
export class GreenletTree {
  /** Who is at this place. */
  readonly greenlet: Strand
  /** The trees of those that it has made, oldest first. */
  readonly childTrees: GreenletTree[] = []

  private constructor(greenlet: Strand) {
    this.greenlet = greenlet
  }

  /** The trees of this thread, which has one. gevent: `GreenletTree.forest()`. */
  static forest(): GreenletTree[] {
    return [GreenletTree.currentTree()]
  }

  /** The tree below MAIN. gevent: `GreenletTree.current_tree()`. */
  static currentTree(): GreenletTree {
    const main = mainStrand()
    const root = new GreenletTree(main)
    const trees = new Map<Strand, GreenletTree>([[main, root]])
    const treeOf = (greenlet: Strand): GreenletTree => {
      let tree = trees.get(greenlet)
      if (tree === undefined) {
        trees.set(greenlet, (tree = new GreenletTree(greenlet)))
        treeOf(spawnerOf(greenlet) ?? main).childTrees.push(tree)
      }
      return tree
    }
    treeOf(getHub())
    for (const strand of scheduler.strands()) treeOf(strand)
    return root
  }

  /** Whether it is the tree of this thread. */
  get isCurrentTree(): boolean {
    return this.greenlet === mainStrand()
  }

  /** The tree as a text. gevent: `GreenletTree.format(details=True)`. */
  format(details: boolean | TreeDetails = true): string {
    return this.formatLines(details).join("\n")
  }

  /** The lines of the tree. gevent: `GreenletTree.format_lines(details=True)`. */
  formatLines(details: boolean | TreeDetails = true): string[] {
    return this.render(details === true ? {} : details, true).map((line) => line.text)
  }

  /** The names alone. */
  toString(): string {
    return this.format(false)
  }

  private render(details: TreeDetails | false, root: boolean): Line[] {
    const lines = renderNode(labelOf(this.greenlet), details === false ? [] : describe(this.greenlet, details), root)
    const last = this.childTrees.at(-1)
    for (const child of this.childTrees) appendChild(lines, child.render(details, false), child === last)
    return lines
  }
}

function spawnerOf(greenlet: Strand): Strand | null {
  return greenlet instanceof RawGreenlet ? greenlet.spawningGreenlet : null
}

function labelOf(greenlet: Strand): string {
  const name = String(greenlet)
  if (!greenlet.dead) return name
  if (!(greenlet instanceof Greenlet)) return `${name}; finished`
  if (!greenlet.successful()) return `${name}; finished with exception ${String(greenlet.exception)}`
  return greenlet.value === undefined ? `${name}; finished` : `${name}; finished with value ${shown(greenlet.value)}`
}

function shown(value: unknown): string {
  return (typeof value === "string" ? JSON.stringify(value) : String(value)).slice(0, VALUE_LENGTH)
}

function describe(greenlet: Strand, details: TreeDetails): string[] {
  const { runningStacks = true, spawningStacks = true, locals = true } = details
  return [
    ...(runningStacks ? describePlace(greenlet, details.runningStackLimit) : []),
    ...(spawningStacks && greenlet instanceof Greenlet && greenlet.spawningStack !== undefined
      ? ["Spawned at:", greenlet.spawningStack]
      : []),
    ...(locals ? describeLocals(greenlet) : []),
  ]
}

function describePlace(greenlet: Strand, limit?: number): string[] {
  if (greenlet === currentStrand()) return ["Running:", currentStack(limit)]
  const waits = greenlet.waiting === null ? [...(greenlet.awaiting ?? [])] : [greenlet.waiting]
  return waits.map((wait) => `Waiting: ${wait.describe()}`)
}

function describeLocals(greenlet: Strand): string[] {
  const lines: string[] = []
  if (greenlet instanceof Greenlet) {
    const { spawnTreeLocals } = greenlet
    const spawner = spawnerOf(greenlet)
    const inherited = spawner instanceof Greenlet && spawner.spawnTreeLocals === spawnTreeLocals
    if (!inherited && Object.keys(spawnTreeLocals).length > 0) lines.push("Spawn Tree Locals", print(spawnTreeLocals))
  }
  const locals = allLocalDictsForGreenlet(greenlet)
  if (locals.length > 0) lines.push("Greenlet Locals:")
  // of the value: to ask what local() has made would make a value for whoever asks
  for (const [, value] of locals) lines.push(`  Local ${classOf(value)}`, `    ${print(value)}`)
  return lines
}

function classOf(value: unknown): string {
  const { constructor } = Object(value) as { constructor?: { name?: string } }
  return constructor?.name ?? "Object"
}

/** A value on one line, as JSON where it can be. */
function print(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value)
  } catch {
    return String(value)
  }
}
