/** The smallest free non-negative numbers. gevent: `gevent._ident.IdentRegistry`. */
class Idents {
  private next = 0
  // a binary heap: the smallest number is first
  private readonly free: number[] = []

  acquire(): number {
    const { free } = this
    const smallest = free[0]
    if (smallest === undefined) return this.next++
    const last = free.pop()!
    if (free.length === 0) return smallest
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= free.length) break
      if (child + 1 < free.length && free[child + 1]! < free[child]!) child++
      if (free[child]! >= last) break
      free[at] = free[child]!
      at = child
    }
    free[at] = last
    return smallest
  }

  release(ident: number): void {
    const { free } = this
    let at = free.length
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (free[parent]! <= ident) break
      free[at] = free[parent]!
      at = parent
    }
    free[at] = ident
  }
}

/** The numbers of this thread's greenlets. */
export const idents: Idents = new Idents()
