export { FileObjectClosed, UnicodeDecodeError, UnicodeEncodeError, UnsupportedOperation } from "./exceptions.ts"
export { FileObject } from "./fileobject/fileobject.ts"
export {
  DEFAULT_BUFFER_SIZE,
  FileObjectBase,
  SEEK_CUR,
  SEEK_END,
  SEEK_SET,
  type DataOf,
  type InputOf,
} from "./fileobject/fileobjectbase.ts"
export { FileObjectBlock } from "./fileobject/fileobjectblock.ts"
export { FileObjectPosix } from "./fileobject/fileobjectposix.ts"
export { FileObjectThread, type FileThreadOptions } from "./fileobject/fileobjectthread.ts"
export type { FileOptions } from "./fileobject/opening.ts"
export type { FileSource, HasFileno } from "./fileobject/source.ts"
