const IAC = 255
const DONT = 254
const DO = 253
const WONT = 252
const WILL = 251
const SB = 250
const IP = 244
const BRK = 243
const SE = 240
const EOF = 236

/** What a terminal's keys send. */
export const INTERRUPT = 3
/** What a terminal's keys send for the end of input. */
export const END = 4

type State = "data" | "command" | typeof DO | typeof WILL | "refusal" | "parameters" | "parameter command"

/**
 * Takes what telnet(1) puts between the bytes of its user, in any portions. UTF-8 has no such bytes, so that others are not
 * disturbed. All options are refused: who has sent an interrupt shows nothing before its mark is answered.
 */
export class Telnet {
  private state: State = "data"
  private readonly data: (byte: number) => void
  private readonly reply: (bytes: Uint8Array) => void

  /** @param data - Gets a byte of the user. @param reply - Sends an answer. */
  constructor(data: (byte: number) => void, reply: (bytes: Uint8Array) => void) {
    this.data = data
    this.reply = reply
  }

  /** Takes bytes of the connection. */
  push(bytes: Uint8Array): void {
    for (const byte of bytes) this.state = this.next(byte)
  }

  private next(byte: number): State {
    switch (this.state) {
      case "data":
        if (byte === IAC) return "command"
        this.data(byte)
        return "data"
      case "command":
        return this.command(byte)
      case DO:
        this.reply(Uint8Array.of(IAC, WONT, byte))
        return "data"
      case WILL:
        this.reply(Uint8Array.of(IAC, DONT, byte))
        return "data"
      case "refusal":
        return "data"
      case "parameters":
        return byte === IAC ? "parameter command" : "parameters"
      case "parameter command":
        return byte === SE ? "data" : "parameters"
    }
  }

  private command(byte: number): State {
    if (byte === DO || byte === WILL) return byte
    if (byte === DONT || byte === WONT) return "refusal"
    if (byte === SB) return "parameters"
    if (byte === IAC) this.data(IAC)
    else if (byte === IP || byte === BRK) this.data(INTERRUPT)
    else if (byte === EOF) this.data(END)
    return "data"
  }
}
