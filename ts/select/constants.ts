/** `Poll`: there is something to read, or the end of it. */
export const POLLIN = 1
/** `Poll`: urgent data. It is never reported. */
export const POLLPRI = 2
/** `Poll`: something can be written. */
export const POLLOUT = 4
/** `Poll`: an error is pending. Always reported. */
export const POLLERR = 8
/** `Poll`: the other end has gone. Always reported. */
export const POLLHUP = 16
/** `Poll`: the number is not open. Always reported. */
export const POLLNVAL = 32
/** `Poll`: the peer sends no more. */
export const POLLRDHUP = 0x2000
