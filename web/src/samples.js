// Samples of bands: files of codecs with bands as typed arrays, and as pictures.

import { ARRAYS } from "./arrays.js";
import { UsageError } from "./errors.js";
import { decodeFile } from "./files.js";

export { samplesToImageData } from "./arrays.js";

export async function decodeSamples(data, options) {
  const decoded = await decodeFile(data, options);
  if (!decoded.samples) throw new UsageError("the file has pixels, not samples of bands: use decode");
  const SampleArray = ARRAYS[decoded.type];
  if (!SampleArray) throw new UsageError("this browser has no Float16Array: use a newer one");
  return { ...decoded, samples: new SampleArray(decoded.samples.buffer) };
}
