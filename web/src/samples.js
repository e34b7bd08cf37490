// Samples of bands: files of codecs with bands as typed arrays, and as pictures.

import { fromCore } from "./arrays.js";
import { UsageError } from "./errors.js";
import { decodeFile } from "./files.js";

export { samplesToImageData } from "./arrays.js";

export async function decodeSamples(data, options) {
  const decoded = await decodeFile(data, options);
  if (!decoded.samples) throw new UsageError("the file has pixels, not samples of bands: use decode");
  return fromCore(decoded);
}
