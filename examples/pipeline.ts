// A pipeline of three programs and this one in the middle: counts the words of its arguments, or of its own source.
//
//   node build/examples/pipeline.mjs FILE…
import { run, spawn } from "gevent-wasm"
import { PIPE, Popen } from "gevent-wasm/subprocess"
import process from "node:process"
import { fileURLToPath } from "node:url"

const TOP = 5
const files = process.argv.slice(2)

await run(function* main() {
  const cat = new Popen(["cat", ...(files.length > 0 ? files : [fileURLToPath(import.meta.url)])], { stdout: PIPE })
  const words = new Popen(["tr", "-cs", "A-Za-z", "\n"], { stdin: cat.stdout, stdout: PIPE, text: true })
  yield* cat.stdout.close() // the child has it now: when that ends, cat is told by the system

  const sort = new Popen(["sort"], { stdin: PIPE, stdout: PIPE, text: true })
  const count = new Popen("uniq -c | sort -rn", { shell: true, stdin: sort.stdout, stdout: PIPE, text: true })
  yield* sort.stdout.close()

  // what no program of the pipeline does is done here, line by line; only this greenlet waits
  const filter = spawn(function* () {
    for (let word = yield* words.stdout.readline(); word !== ""; word = yield* words.stdout.readline()) {
      if (word.length > 3) yield* sort.stdin.write(word.toLowerCase())
    }
    yield* words.stdout.close()
    yield* sort.stdin.close()
  })

  const lines = yield* count.stdout.readlines()
  yield* count.stdout.close()
  yield* filter.get()
  for (const line of lines.slice(0, TOP)) console.log(line.trim())

  for (const popen of [cat, words, sort, count]) {
    const code = yield* popen.wait()
    if (code !== 0) console.error(`${JSON.stringify(popen.args)} ended with ${code}`)
  }
})
