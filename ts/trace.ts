import { scheduler, type Strand } from "./strand.ts"

/** Is told of each switch: who runs from now on; a MAIN when it is code outside of all greenlets, or nobody. */
export type Tracer = (strand: Strand) => void

const tracers = new Set<Tracer>()

/** Calls a tracer at each switch until `untrace`. Python: `greenlet.settrace`. */
export function trace(tracer: Tracer): void {
  tracers.add(tracer)
  scheduler.tracer = tellAll
}

/** Takes back `trace`; an unknown tracer is ignored. */
export function untrace(tracer: Tracer): void {
  tracers.delete(tracer)
  if (tracers.size === 0) scheduler.tracer = null
}

function tellAll(strand: Strand): void {
  for (const tracer of tracers) tracer(strand)
}
