// Node looks anew for what is global each time that it is used.
const { performance } = globalThis
let wallOffset = 0

/** Milliseconds since some point in the past, with fractions; never goes back. */
export function monotonic(): number {
  return performance.now()
}

/** Milliseconds since 1970, with fractions. */
export function wall(): number {
  const ticks = performance.now()
  const now = Date.now()
  const fine = wallOffset + ticks
  // The fraction comes from the monotonic clock, the rest from the one that follows when somebody sets the time.
  if (fine >= now && fine < now + 1) return fine
  wallOffset = now - ticks
  return now
}
