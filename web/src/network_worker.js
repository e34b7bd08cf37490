// A worker that runs networks on windows, and knows nothing else.

import { Core } from "./core.js";
import { packError } from "./errors.js";

let core;
const plans = new Map(); // addresses, by hash

function addressOf({ hash, plan }) {
  if (!plans.has(hash)) plans.set(hash, core.put(plan));
  return plans.get(hash);
}

function run({ window, input }, plan, size) {
  const output = core.allocate(window.output_size);
  try {
    core.with("window", window, (at) => core.withBytes(input, (from) => core.check("aecodec_web_run", plan, size, at, from, output)));
    return core.take(output, window.output_size);
  } finally {
    core.free(output);
  }
}

onmessage = ({ data }) => {
  try {
    core ??= new Core(data.module);
    const output = run(data.task, addressOf(data.network), data.network.size);
    postMessage({ output }, [output.buffer]);
  } catch (error) {
    postMessage({ error: packError(error) });
  }
};
