/** The hub's module beside a bundle. */
declare module "./*.wasm" {
  const module: WebAssembly.Module
  export default module
}

/** The hub's module inside a bundle. */
declare module "../../dist/*.wasm" {
  const bytes: Uint8Array<ArrayBuffer>
  export default bytes
}
