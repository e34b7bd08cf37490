// aecodec in a browser: `.aec` files to pictures and back, in workers, without a server.

import { client } from "./client.js";
import { ImageError, UsageError } from "./errors.js";
import { absolute, bytesOf, decodeFile, folderOf, folderWithId } from "./files.js";
import { checkImageData, fromImageData, toImageData } from "./pixels.js";
import { SAMPLES, fromCore } from "./arrays.js";

export * from "./errors.js";
export { setCodecs } from "./files.js";
export { samplesToImageData } from "./arrays.js";

/** What a file says of itself. */
export async function readHeader(data) {
  const { levelIndex, ...header } = await client.ask("header", { file: await bytesOf(data) });
  return { ...header, level: levelIndex ? levelIndex / 16 : undefined };
}

/** A codec, whose files lie in the folder of a URL. Only its head is fetched now. */
export async function loadCodec(url) {
  const folder = absolute(url);
  return { url: folder, ...(await client.ask("facts", { folder })) };
}

/** The first picture of a file. */
export async function decode(data, options) {
  return toImageData(await decoded(data, options));
}

/** All pictures of a file. */
export async function decodeFrames(data, options) {
  const picture = await decoded(data, options);
  return Array.from({ length: picture.frames }, (_, frame) => toImageData(picture, frame));
}

/** A picture as an `.aec` file, or as a file for each of several levels. */
export async function encode(imageData, options) {
  const image = fromImageData(imageData);
  const { codec, level, maxBytes, maxError, signal, onProgress } = options ?? {};
  const folder = codec || maxError === undefined ? folderOf(codec) : folderWithId(SAMPLES);
  const values = { image, options: { folder, level, maxBytes, maxError } };
  return client.ask("encode", values, { signal, onProgress, transfer: [image.pixels.buffer] });
}

/** The samples of a file with bands. */
export async function decodeSamples(data, options) {
  const decoded = await decodeFile(data, options);
  if (!decoded.samples) throw new UsageError("the file has pixels, not samples of bands: use decode");
  return fromCore(decoded);
}

/** A file without signature, version, codec id and CRC-32, for places where the codec is known. */
export async function toBare(data, { checksum = false } = {}) {
  return client.ask("toBare", { file: await bytesOf(data), checksum });
}

/** The file of a bare payload. */
export async function fromBare(data, { codec, checksum = false } = {}) {
  const id = codec?.id;
  if (!/^[0-9a-f]{8}$/.test(id)) throw new UsageError("say which codec: { codec: await loadCodec(url) }");
  return client.ask("fromBare", { payload: await bytesOf(data), id, checksum });
}

/** MS-SSIM of two pictures of one size, or 1 - MSE / 255² if a side has fewer than 11 pixels. */
export async function msSsim(first, second) {
  const pictures = { first: colours(first), second: colours(second) };
  if (first.width !== second.width || first.height !== second.height) throw new ImageError("two pictures of different sizes");
  return client.ask("msSsim", pictures);
}

async function decoded(data, options) {
  const picture = await decodeFile(data, options);
  if (picture.samples) throw new UsageError("the file has samples of bands, not pixels: use decodeSamples");
  return picture;
}

function colours(imageData) {
  const { width, height, data } = checkImageData(imageData);
  return { width, height, channels: 4, frames: 1, pixels: new Uint8Array(data.buffer, data.byteOffset, data.length) };
}
