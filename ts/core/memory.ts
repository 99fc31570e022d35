/** A module's linear memory as typed arrays that survive its growth: views of a grown memory are detached. */
export class Memory {
  private readonly memory: WebAssembly.Memory
  private bytesView: Uint8Array
  private wordsView: Uint32Array
  private doublesView: Float64Array

  constructor(memory: WebAssembly.Memory) {
    this.memory = memory
    this.bytesView = new Uint8Array(memory.buffer)
    this.wordsView = new Uint32Array(memory.buffer)
    this.doublesView = new Float64Array(memory.buffer)
  }

  /** All bytes. */
  get bytes(): Uint8Array {
    if (this.bytesView.length === 0) this.refresh()
    return this.bytesView
  }

  /** All 32-bit words. */
  get words(): Uint32Array {
    if (this.wordsView.length === 0) this.refresh()
    return this.wordsView
  }

  /** All 64-bit floats. */
  get doubles(): Float64Array {
    if (this.doublesView.length === 0) this.refresh()
    return this.doublesView
  }

  /** A view of `length` bytes at `pointer`, for use before anything can allocate. */
  slice(pointer: number, length: number): Uint8Array {
    return this.bytes.subarray(pointer, pointer + length)
  }

  /** The C string at `pointer`. */
  string(pointer: number): string {
    const bytes = this.bytes
    return decoder.decode(bytes.subarray(pointer, bytes.indexOf(0, pointer)))
  }

  private refresh(): void {
    this.bytesView = new Uint8Array(this.memory.buffer)
    this.wordsView = new Uint32Array(this.memory.buffer)
    this.doublesView = new Float64Array(this.memory.buffer)
  }
}

const decoder = new TextDecoder()
