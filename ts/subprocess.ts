export { CalledProcessError, SubprocessError, TimeoutExpired, type ProcessArguments } from "./exceptions.ts"
export {
  call,
  checkCall,
  checkOutput,
  getoutput,
  getstatusoutput,
  run,
  type CallOptions,
  type CheckOutputOptions,
  type RunOptions,
} from "./subprocess/call.ts"
export { CompletedProcess } from "./subprocess/completedprocess.ts"
export { list2cmdline } from "./subprocess/list2cmdline.ts"
export {
  DEVNULL,
  PIPE,
  STDOUT,
  type InputOf,
  type OutputOf,
  type PopenOptions,
  type Stdio,
} from "./subprocess/options.ts"
export { Popen, type InputFile, type OutputFile } from "./subprocess/popen.ts"
