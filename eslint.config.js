import { dirname } from "node:path"
import { fileURLToPath } from "node:url"
import { defineConfig } from "eslint/config"
import tseslint from "typescript-eslint"

const rules = {
  // a Wait is awaited or yielded: one that is neither has waited for nothing
  "@typescript-eslint/no-floating-promises": [
    "error",
    // who only starts a greenlet need not join it
    { checkThenables: true, allowForKnownSafeCalls: [{ from: "file", name: ["spawn", "spawnLater", "spawnRaw"] }] },
  ],
  "@typescript-eslint/no-misused-promises": ["error", { checksVoidReturn: { arguments: true, attributes: false } }],
  "@typescript-eslint/no-unused-vars": [
    "error",
    { argsIgnorePattern: "^_", varsIgnorePattern: "^_", caughtErrors: "none", ignoreUsingDeclarations: true },
  ],
  // what is printed has a toString of its own or is somebody else's
  "@typescript-eslint/no-base-to-string": "off",
  "@typescript-eslint/consistent-type-imports": ["error", { fixStyle: "inline-type-imports" }],
  "@typescript-eslint/no-import-type-side-effects": "error",
  "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
  "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
  // anything may be thrown into a greenlet, as gevent allows any exception
  "@typescript-eslint/only-throw-error": "off",
  "@typescript-eslint/prefer-promise-reject-errors": "off",
  // spawn takes no plain function of a plain value: `async` is how one says that it is a body
  "@typescript-eslint/require-await": "off",
  // a generator may return without a yield where its caller wants an operation
  "require-yield": "off",
  "no-console": "error",
  eqeqeq: "error",
}

export default defineConfig(
  { ignores: ["build/", "dist/", "node_modules/", "docs/", "test/types/must-not-compile.ts"] },
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: {
      parserOptions: { project: "tsconfig.json", tsconfigRootDir: dirname(fileURLToPath(import.meta.url)) },
    },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules,
  },
  { files: ["test/**", "examples/**", "ts/cli/**"], rules: { "no-console": "off" } },
  {
    files: ["**/*.js", "**/*.mjs"],
    extends: [tseslint.configs.recommended],
    linterOptions: { reportUnusedDisableDirectives: "error" },
  },
)
