/**
 * The part of the WebAssembly JavaScript API that this project uses. Of the type libraries that ship with TypeScript only
 * those of browsers declare it, and they would let every other browser name pass the type checker too.
 */
declare namespace WebAssembly {
  type ValueType = "i32" | "i64" | "f32" | "f64" | "externref" | "anyfunc"
  type ExternalKind = "function" | "global" | "memory" | "table"
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- an exported function takes and returns whatever its module says
  type ExportedFunction = (...args: any[]) => any
  type ExportValue = ExportedFunction | Memory | Table | Global
  type Exports = Record<string, ExportValue>
  type ImportValue = ExportValue | number | bigint
  type ModuleImports = Record<string, ImportValue>
  type Imports = Record<string, ModuleImports>

  interface ModuleExportDescriptor {
    name: string
    kind: ExternalKind
  }
  interface ModuleImportDescriptor {
    module: string
    name: string
    kind: ExternalKind
  }

  class Module {
    constructor(bytes: ArrayBufferLike | ArrayBufferView)
    static exports(module: Module): ModuleExportDescriptor[]
    static imports(module: Module): ModuleImportDescriptor[]
    static customSections(module: Module, name: string): ArrayBuffer[]
  }

  class Instance {
    constructor(module: Module, imports?: Imports)
    readonly exports: Exports
  }

  class Memory {
    constructor(descriptor: { initial: number; maximum?: number; shared?: boolean })
    readonly buffer: ArrayBuffer
    grow(pages: number): number
  }

  class Table {
    constructor(descriptor: { element: "anyfunc" | "externref"; initial: number; maximum?: number }, value?: unknown)
    readonly length: number
    get(index: number): ExportedFunction | null
    set(index: number, value?: unknown): void
    grow(entries: number, value?: unknown): number
  }

  class Global<T = number | bigint> {
    constructor(descriptor: { value: ValueType; mutable?: boolean }, value?: T)
    value: T
    valueOf(): T
  }

  class Tag {
    constructor(type: { parameters: ValueType[] })
  }

  class Exception {
    constructor(tag: Tag, payload: unknown[], options?: { traceStack?: boolean })
    is(tag: Tag): boolean
    getArg(tag: Tag, index: number): unknown
  }

  class CompileError extends Error {}
  class LinkError extends Error {}
  class RuntimeError extends Error {}

  function validate(bytes: ArrayBufferLike | ArrayBufferView): boolean
  function compile(bytes: ArrayBufferLike | ArrayBufferView): Promise<Module>
  function instantiate(module: Module, imports?: Imports): Promise<Instance>
  function instantiate(
    bytes: ArrayBufferLike | ArrayBufferView,
    imports?: Imports,
  ): Promise<{ module: Module; instance: Instance }>
}
