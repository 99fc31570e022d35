// Two programs run side by side; whoever is not done after two seconds is asked to end. gevent's examples/processes.py.
//
//   node build/examples/processes.mjs
import { run, wait } from "gevent-wasm"
import { PIPE, Popen } from "gevent-wasm/subprocess"

await run(function* main() {
  const quick = new Popen(["uname"], { stdout: PIPE, text: true })
  const slow = new Popen("sleep 10; echo never", { shell: true, stdout: PIPE, text: true })

  yield* wait([quick, slow], 2)

  for (const popen of [quick, slow]) {
    if (popen.poll() === null) {
      console.log(`${JSON.stringify(popen.args)} is still running`)
      popen.terminate()
      console.log(`and ended with ${yield* popen.wait()}`)
    } else {
      console.log(`${JSON.stringify(popen.args)} said ${JSON.stringify(yield* popen.stdout.read())}`)
    }
    yield* popen.stdout.close()
  }
})
