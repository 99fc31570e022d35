export { assertSwitches, FailedToSwitch } from "./assertswitches.ts"
export { GreenletTree, type TreeDetails } from "./runinfo/greenlettree.ts"
export { formatRunInfo, printRunInfo, type PrintRunInfoOptions, type RunInfoOptions } from "./runinfo/runinfo.ts"
export { wrapErrors } from "./wraperrors.ts"
