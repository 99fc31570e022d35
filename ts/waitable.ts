import { Greenlet } from "./greenlet.ts"
import type { Link } from "./link.ts"

/** What `wait` and `iwait` can wait for: it calls `callback(itself)` in the hub once it is ready, also when it is already. */
export interface Waitable {
  rawlink(callback: (object: this) => unknown): void
  unlink(callback: (object: this) => unknown): void
}

/** The links of one wait to many objects. */
export class Links<W extends Waitable> implements Link {
  private readonly objects: readonly W[]
  private readonly onReady: (object: W) => void

  constructor(objects: readonly W[], onReady: (object: W) => void) {
    this.objects = objects
    this.onReady = onReady
  }

  get target(): unknown {
    return this
  }

  notify(greenlet: Greenlet<unknown>): void {
    this.onReady(greenlet as unknown as W)
  }

  link(): void {
    for (const object of this.objects) {
      if (object instanceof Greenlet) object.addLink(this)
      else object.rawlink(this.onReady)
    }
  }

  unlink(): void {
    for (const object of this.objects) {
      if (object instanceof Greenlet) object.removeLink(this)
      else object.unlink(this.onReady)
    }
  }
}

/** The objects, checked. @throws {TypeError} for what cannot be waited for. */
export function waitables<W extends Waitable>(objects: Iterable<W>): W[] {
  if (objects === null || typeof objects !== "object" || !(Symbol.iterator in objects)) {
    throw new TypeError(`expected an iterable of objects to wait for, not ${String(objects)}`)
  }
  const list = [...objects]
  for (const object of list) {
    if (typeof (object as Partial<Waitable> | null)?.rawlink !== "function") {
      throw new TypeError(`${String(object)} cannot be waited for: it has no rawlink()`)
    }
  }
  return list
}
