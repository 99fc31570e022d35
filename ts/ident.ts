import { Heap } from "./heap.ts"

/** The smallest free non-negative numbers. gevent: `gevent._ident.IdentRegistry`. */
class Idents {
  private next = 0
  private readonly free = new Heap<number>((a, b) => a < b)

  acquire(): number {
    return this.free.shift() ?? this.next++
  }

  release(ident: number): void {
    this.free.push(ident)
  }
}

/** The numbers of this thread's greenlets. */
export const idents: Idents = new Idents()
