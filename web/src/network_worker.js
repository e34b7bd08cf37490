// A worker that runs networks on windows, and ends after an error.

import { Core } from "./core.js";
import { serve } from "./messages.js";

const plans = new Map(); // of networks in memory, by hash
let core;

serve(async (_, { module, hash, plan, window, input }) => {
  core ??= new Core(module);
  if (plan) plans.set(hash, [core.put(plan), plan.length]);
  const output = core.allocate(window.output_size);
  core.with("window", window, (at) =>
    core.withBytes(input, (from) => core.check("aecodec_web_run", ...plans.get(hash), at, from, output)));
  return core.takeFile({ at: output, size: window.output_size });
});
