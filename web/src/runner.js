// A worker that runs networks on windows, and knows nothing else.

import { Core } from "./core.js";
import { packError } from "./errors.js";
import { OUTPUT_SIZE } from "./steps.js";

let core;
const networks = new Map(); // by hash

function open({ hash, plan }) {
  if (!networks.has(hash)) networks.set(hash, core.network(core.put(plan), plan.length));
  return networks.get(hash);
}

function run({ window, input }, network) {
  const outputSize = window[OUTPUT_SIZE];
  return core.with("window", (at) => {
    core.numbers(at, window.length).set(window);
    const output = core.allocate(outputSize);
    try {
      core.withBytes(input, (from) => core.check("aecodec_web_run", network, at, from, output));
      return core.take(output, outputSize);
    } finally {
      core.free(output);
    }
  });
}

onmessage = ({ data }) => {
  try {
    core ??= new Core(data.module);
    const output = run(data.task, open(data.network));
    postMessage({ output }, [output.buffer]);
  } catch (error) {
    postMessage({ error: packError(error) });
  }
};
