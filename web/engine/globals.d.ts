/** The Go toolchain's wasm_exec.js, which the build hands to the bundler under this name. It sets the global `Go`. */
declare module "wasm_exec";

declare class Go {
  readonly importObject: WebAssembly.Imports;
  run(instance: WebAssembly.Instance): Promise<void>;
}
