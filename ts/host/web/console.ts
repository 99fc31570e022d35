/** One of the two outputs: the console takes whole lines. */
class Output {
  private readonly print: (line: string) => void
  private readonly decoder = new TextDecoder()
  private rest = ""

  constructor(print: (line: string) => void) {
    this.print = print
  }

  write(bytes: Uint8Array): number {
    const lines = (this.rest + this.decoder.decode(bytes, { stream: true })).split("\n")
    this.rest = lines.pop()!
    for (const line of lines) this.print(line)
    return bytes.length
  }
}

/* eslint-disable no-console -- it is what there is for output here */
const outputs = {
  1: new Output((line) => console.log(line)),
  2: new Output((line) => console.error(line)),
}
/* eslint-enable no-console */

/** Writes to the console, as soon as a line is complete. See `Host.write`. */
export function writeConsole(fd: 1 | 2, bytes: Uint8Array): number {
  return outputs[fd].write(bytes)
}
