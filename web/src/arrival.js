// Files on their way: of a file with refinements, the base is there first.

import { client } from "./client.js";
import { failTransfer } from "./fetching.js";

/** Yield the base of the file in a response as soon as it is there, and then the whole file.
 *
 * With `baseOnly`, the rest is not fetched. Files without a base are yielded whole. */
export async function* arrivals(response, baseOnly) {
  const reader = response.body.getReader();
  const parts = [];
  let needed = 0;
  for (let size = 0; ; ) {
    const { done, value } = await reader.read().catch(() => failTransfer(response));
    if (done) break;
    parts.push(value);
    size += value.length;
    while (size >= needed) {
      const file = joined(parts);
      const { start, stop, needed: more = Infinity } = await client.ask("base", { file });
      needed = more;
      if (stop) yield { file: file.subarray(start, stop), isLast: baseOnly };
      if (stop && baseOnly) return reader.cancel();
    }
  }
  yield { file: joined(parts), isLast: true };
}

function joined(parts) {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
