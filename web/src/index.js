// aecodec in a browser: `.aec` files to pictures and back, in workers, without a server.

import { SAMPLES } from "./arrays.js";
import { client } from "./client.js";
import { UsageError } from "./errors.js";
import { absolute, askAbout, decodeFile, folderOf, limit } from "./files.js";
import { fromImageData, toImageData } from "./pixels.js";

export * from "./errors.js";
export { setCodecs } from "./files.js";

export function readHeader(data) {
  return askAbout("header", data);
}

/** A codec, whose files lie in the folder of a URL. Only its head is fetched now. */
export async function loadCodec(url) {
  const folder = absolute(url);
  return { url: folder, ...(await client.ask("facts", { folder })) };
}

export async function decode(data, options) {
  return toImageData(await decoded(data, options));
}

export async function decodeFrames(data, options) {
  const picture = await decoded(data, options);
  return Array.from({ length: picture.frames }, (_, frame) => toImageData(picture, frame));
}

export async function encode(imageData, options) {
  const image = fromImageData(imageData);
  const { codec, level, maxBytes, maxError, signal, onProgress } = options ?? {};
  const folder = folderOf(codec, !codec && maxError !== undefined && SAMPLES);
  const bad = [maxError ?? []].flat().find((error) => !(error >= 0));
  if (bad !== undefined) throw new UsageError(`maxError is ${bad}: use a number of at least 0 (in grey levels), or several in descending order`);
  const values = { image, options: { folder, level, maxBytes: limit("maxBytes", maxBytes), maxError } };
  return client.ask("encode", values, { signal, onProgress, transfer: [image.pixels.buffer] });
}

async function decoded(data, options) {
  const picture = await decodeFile(data, options);
  if (picture.samples) throw new UsageError("the file contains samples of bands, not pixels: use decodeSamples from aecodec/samples");
  return picture;
}
