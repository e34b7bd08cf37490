// A pool of workers that share out windows. Windows are independent, so each worker has memory of its own,
// and no host has to send the headers that shared memory would need.

import { Remote } from "./messages.js";

const MOST = 4; // workers: the margins of windows grow with their number
const LARGEST = 1_600_000; // pixels that a window should have at most, for the sake of memory
const IDLE = 20_000; // milliseconds after which memory is given back

export class WorkerPool {
  constructor(core, module) {
    Object.assign(this, { core, module, idle: [], timer: 0 });
  }

  get count() {
    return Math.min(navigator.hardwareConcurrency || 2, MOST);
  }

  /** How many windows a picture should have, if several share the workers: equally many for each worker. */
  parts({ width, height }, pictures) {
    const count = Math.ceil(this.count / pictures);
    return count * Math.ceil((width * height) / count / LARGEST);
  }

  /** Run the network on all windows of some steps.
   *
   * report is told of each finished window; it may throw to end the work. */
  async run(steps, section, report) {
    const of = steps.windows;
    let next = 0;
    let done = 0;
    const work = async () => {
      const runner = this.#take();
      try {
        while (next < of) {
          const number = next++;
          steps.output(number, await this.#ask(runner, section, steps.input(number)));
          report({ done: ++done, of });
        }
        this.#give(runner);
      } catch (error) {
        next = of;
        runner.remote.end();
        throw error;
      }
    };
    const results = await Promise.allSettled(Array.from({ length: Math.min(this.count, of) }, work));
    const failed = results.find(({ status }) => status === "rejected");
    if (failed) throw failed.reason;
  }

  #take() {
    clearTimeout(this.timer);
    return this.idle.pop() ?? { remote: new Remote(start), known: new Set() };
  }

  #give(runner) {
    this.idle.push(runner);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.idle.splice(0).forEach(({ remote }) => remote.end()), IDLE);
  }

  #ask({ remote, known }, { hash, address, size }, task) {
    const plan = known.has(hash) ? undefined : this.core.take(address, size);
    known.add(hash);
    const transfer = [task.input.buffer, ...(plan ? [plan.buffer] : [])];
    return remote.ask("run", { module: this.module, hash, plan, ...task }, { transfer });
  }
}

function start() {
  return new Worker(new URL("./network_worker.js", import.meta.url), { type: "module" });
}
