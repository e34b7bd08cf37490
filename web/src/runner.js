// A worker that runs networks on windows, and knows nothing else.

import { Core } from "./core.js";
import { packError } from "./errors.js";

let core;
const networks = new Map(); // by hash

function open({ hash, plan }) {
  if (!networks.has(hash)) networks.set(hash, core.network(core.put(plan), plan.length));
  return networks.get(hash);
}

function run({ rows, columns, input, outputSize }, network) {
  return core.withBytes(input, (from) => {
    const to = core.allocate(outputSize);
    try {
      core.check("aecodec_web_run", network, rows, columns, from, to);
      return core.take(to, outputSize);
    } finally {
      core.free(to);
    }
  });
}

onmessage = ({ data }) => {
  try {
    core ??= new Core(data.module);
    const output = run(data.window, open(data.network));
    postMessage({ output }, [output.buffer]);
  } catch (error) {
    postMessage({ error: packError(error) });
  }
};
