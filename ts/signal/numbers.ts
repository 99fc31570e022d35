import { host } from "#host"
import { SIGCHLD as CHLD } from "../core/loopsignals.ts"

// The system's numbers; Linux' where the host knows of no signals.
/** The terminal has gone; by custom: read the configuration anew. */
export const SIGHUP: number = host.signals["SIGHUP"] ?? 1
/** Interrupted from the keyboard. */
export const SIGINT: number = host.signals["SIGINT"] ?? 2
/** Quit from the keyboard. */
export const SIGQUIT: number = host.signals["SIGQUIT"] ?? 3
/** An illegal instruction. */
export const SIGILL: number = host.signals["SIGILL"] ?? 4
/** A breakpoint. */
export const SIGTRAP: number = host.signals["SIGTRAP"] ?? 5
/** The process has aborted itself. */
export const SIGABRT: number = host.signals["SIGABRT"] ?? 6
/** A bad access to memory. */
export const SIGBUS: number = host.signals["SIGBUS"] ?? 7
/** An arithmetic error. */
export const SIGFPE: number = host.signals["SIGFPE"] ?? 8
/** Ends a process; cannot be caught. */
export const SIGKILL: number = host.signals["SIGKILL"] ?? 9
/** For what the program makes of it. */
export const SIGUSR1: number = host.signals["SIGUSR1"] ?? 10
/** An access to memory that is not there. */
export const SIGSEGV: number = host.signals["SIGSEGV"] ?? 11
/** For what the program makes of it. */
export const SIGUSR2: number = host.signals["SIGUSR2"] ?? 12
/** Nobody reads what was written. */
export const SIGPIPE: number = host.signals["SIGPIPE"] ?? 13
/** A timer of alarm(2). */
export const SIGALRM: number = host.signals["SIGALRM"] ?? 14
/** Asks a process to end. */
export const SIGTERM: number = host.signals["SIGTERM"] ?? 15
/** A fault of the coprocessor's stack; nobody sends it. */
export const SIGSTKFLT: number = host.signals["SIGSTKFLT"] ?? 16
/** A child has ended. */
export const SIGCHLD: number = CHLD
/** Goes on after a stop. */
export const SIGCONT: number = host.signals["SIGCONT"] ?? 18
/** Stops a process; cannot be caught. */
export const SIGSTOP: number = host.signals["SIGSTOP"] ?? 19
/** Stopped from the keyboard. */
export const SIGTSTP: number = host.signals["SIGTSTP"] ?? 20
/** A background process reads from its terminal. */
export const SIGTTIN: number = host.signals["SIGTTIN"] ?? 21
/** A background process writes to its terminal. */
export const SIGTTOU: number = host.signals["SIGTTOU"] ?? 22
/** Urgent data at a socket. */
export const SIGURG: number = host.signals["SIGURG"] ?? 23
/** Has used up its processor time. */
export const SIGXCPU: number = host.signals["SIGXCPU"] ?? 24
/** A file has become too large. */
export const SIGXFSZ: number = host.signals["SIGXFSZ"] ?? 25
/** A timer of the process's own time. */
export const SIGVTALRM: number = host.signals["SIGVTALRM"] ?? 26
/** A timer of a profiler. */
export const SIGPROF: number = host.signals["SIGPROF"] ?? 27
/** The window's size has changed. */
export const SIGWINCH: number = host.signals["SIGWINCH"] ?? 28
/** A descriptor is ready. */
export const SIGIO: number = host.signals["SIGIO"] ?? 29
/** The power fails. */
export const SIGPWR: number = host.signals["SIGPWR"] ?? 30
/** A system call that there is not. */
export const SIGSYS: number = host.signals["SIGSYS"] ?? 31
/** One more than the largest number of a signal. */
export const NSIG = 65
