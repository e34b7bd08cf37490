// The worker of the page.

import { AecodecError } from "./errors.js";
import { Remote } from "./messages.js";

function start() {
  try {
    return new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  } catch {
    const here = globalThis.location?.origin;
    if (!here) throw new AecodecError("aecodec reads and writes files in workers, which only browsers have: use it in a browser");
    throw new AecodecError(`the worker of ${import.meta.url} does not start: browsers start workers only from the page's own origin, so serve aecodec from ${here}`);
  }
}

export const client = new Remote(start);
