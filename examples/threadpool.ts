// Computes in two threads while a greenlet ticks. gevent's examples/threadpool.py.
//
//   node build/examples/threadpool.mjs [numbers…]
import { run, sleep, spawn } from "gevent-wasm"
import { ThreadPool } from "gevent-wasm/threadpool"

/** The prime factors of a number, found the slow way. */
function factorize(number: number): number[] {
  const factors = []
  for (let divisor = 2; number > 1;) {
    if (number % divisor === 0) {
      factors.push(divisor)
      number /= divisor
    } else {
      divisor++
    }
  }
  return factors
}

const numbers = process.argv.slice(2).map(Number)
if (numbers.length === 0) numbers.push(99_999_989, 87_178_291, 600_851_475_143, 67_280_421)
if (!numbers.every((number) => Number.isSafeInteger(number) && number > 1)) {
  console.error("usage: threadpool [numbers…]: whole numbers above 1")
  process.exit(2)
}

await run(function* main() {
  let ticks = 0
  const clock = spawn(function* () {
    for (;;) {
      yield* sleep(0.01)
      ticks++
    }
  })
  const pool = new ThreadPool(2)
  let index = 0
  for (const next of pool.imap(factorize, numbers)) console.log(`${numbers[index++]} = ${(yield* next).join(" × ")}`)
  yield* pool.kill()
  yield* clock.kill()
  console.log(ticks > 0 ? "and the hub went on meanwhile" : "and it was too quick for the clock")
})
