// How esbuild bundles this project's TypeScript.

/** For all that is bundled. */
export const OPTIONS = {
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20",
  sourcemap: true,
  // not keepNames: it redefines the property "name" of each function, and V8 then never gets done with optimising a constructor
  keepNames: false,
  packages: "external",
  external: ["#host"],
  chunkNames: "chunk-[hash]",
  // tsconfig.json maps the package's name to its sources, which is for the type checker alone
  // a field that is defined instead of set costs twice as much
  tsconfigRaw: { compilerOptions: { target: "es2022", useDefineForClassFields: false, verbatimModuleSyntax: true } },
  legalComments: "none",
  logLevel: "warning",
}
