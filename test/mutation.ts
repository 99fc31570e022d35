/** A generator of numbers that repeats itself for a seed: mulberry32. */
export function random(seed: number): (below: number) => number {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}

/** Another message: bytes changed, cut out, doubled, numbers at their ends, names that point somewhere. */
export function mutated(message: Buffer, pick: (below: number) => number): Buffer {
  let bytes = Buffer.from(message)
  for (let left = 1 + pick(4); left > 0; left--) {
    const at = pick(bytes.length || 1)
    switch (pick(6)) {
      case 0:
        bytes[at] = pick(256)
        break
      case 1:
        bytes[at] = (bytes[at] ?? 0) ^ (1 << pick(8))
        break
      case 2:
        bytes = Buffer.from(bytes.subarray(0, at))
        break
      case 3:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(pick(at + 1))])
        break
      case 4:
        bytes[at] = [0, 0xff, 0x7f, 0x80, 0xc0, 63][pick(6)]!
        break
      default:
        if (at + 1 < bytes.length) bytes.writeUInt16BE(0xc000 | pick(bytes.length), at)
    }
  }
  return bytes
}
