// What tests get as "uvu": uvu, which tells scripts/test.mjs of each test by its title when that asks for it.
import process from "node:process"
import { exec, suite as uvuSuite, test as uvuTest, type Callback, type Test } from "uvu"

type Outcome = "passed" | "failed" | "skipped"

function tell(title: string, outcome: Outcome): void {
  process.stdout.write(`\x1e${JSON.stringify([title, outcome])}\n`)
}

function telling<T>(inner: Test<T>): Test<T> {
  if (process.env["TEST_OUTCOMES"] === undefined) return inner
  const told =
    (title: string, handler: Callback<T>): Callback<T> =>
    async (context) => {
      try {
        await handler(context)
      } catch (error) {
        tell(title, "failed")
        throw error
      }
      tell(title, "passed")
    }
  const outer = (title: string, handler: Callback<T>): void => inner(title, told(title, handler))
  const skip = (title = "", handler?: Callback<T>): void => {
    tell(title, "skipped")
    inner.skip(title, handler)
  }
  const only = (title: string, handler: Callback<T>): void => inner.only(title, told(title, handler))
  const { before, after } = inner
  return Object.assign(outer, { skip, only, before, after, run: () => inner.run() })
}

export { exec }
export const test = telling(uvuTest)
export const suite: typeof uvuSuite = (title, context) => telling(uvuSuite(title, context))
