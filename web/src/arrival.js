// Files on their way: of a file with refinements, the base is there first (FORMAT, section 8).

import { failTransfer } from "./fetching.js";

const BEGINNING = [0xae, 0x43, 2];
const SIZE_OF_NUMBER = 5; // bytes at most
const WITH_BASE = 0b10; // in the flags of a refinement

/** Whether a file has refinements. */
export function isRefined(bytes) {
  return BEGINNING.every((byte, at) => bytes[at] === byte);
}

/** The file of version 1 in a file; without a base, it is only a header. */
export function plainFile(bytes) {
  if (!isRefined(bytes)) return bytes;
  const { start, stop } = blockAt(bytes, BEGINNING.length);
  return bytes.subarray(start, stop);
}

/** Whether there is a picture before the first refinement. */
export function hasBase(bytes) {
  if (!isRefined(bytes)) return true;
  const { stop } = blockAt(bytes, BEGINNING.length);
  return Boolean(bytes[blockAt(bytes, stop).start] & WITH_BASE);
}

// How many bytes are needed to tell whether a file has a base, and to decode it.
function bytesOfBase(bytes) {
  if (bytes.length < BEGINNING.length + SIZE_OF_NUMBER) return BEGINNING.length + SIZE_OF_NUMBER;
  if (!isRefined(bytes)) return Infinity;
  return blockAt(bytes, BEGINNING.length).stop + SIZE_OF_NUMBER + 1;
}

// Where a block lies whose size, in LEB128, begins at a place.
function blockAt(bytes, place) {
  let [size, at] = [0, place];
  for (let factor = 1; at < place + SIZE_OF_NUMBER; factor *= 128) {
    size += (bytes[at] & 127) * factor;
    if (bytes[at++] < 128) break;
  }
  return { start: at, stop: at + size };
}

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
    if (size < needed) continue;
    const bytes = joined(parts);
    needed = bytesOfBase(bytes);
    if (size < needed) continue;
    needed = Infinity;
    if (!hasBase(bytes)) continue;
    yield { file: plainFile(bytes), isLast: baseOnly };
    if (baseOnly) return reader.cancel();
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
