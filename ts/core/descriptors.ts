import { FdTable } from "./fdtable.ts"

/** The fd table of this thread: greenlets' sockets and C programs' are numbered in one. */
export const descriptors: FdTable = new FdTable()
