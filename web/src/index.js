// aecodec in a browser: `.aec` files to pictures and back, in workers, without a server.

import { client } from "./client.js";
import { UsageError } from "./errors.js";
import { fromImageData, toImageData } from "./pixels.js";
import { SAMPLES, fromCore } from "./arrays.js";

export * from "./errors.js";
export { samplesToImageData } from "./arrays.js";

const LARGEST = 0xffffffff;

let codecs = absolute("codecs");

/** Set the folder in which codecs lie, each in a folder named by its id. */
export function setCodecs(url) {
  codecs = absolute(url);
}

export async function readHeader(data) {
  const { levelIndex, ...header } = await client.ask("header", { file: await bytesOf(data) });
  return { ...header, level: levelIndex ? levelIndex / 16 : undefined };
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

/** A picture as an `.aec` file, or as a file for each of several levels. */
export async function encode(imageData, options) {
  const image = fromImageData(imageData);
  const { codec, level, maxBytes, maxError, signal, onProgress } = options ?? {};
  const folder = codec || maxError === undefined ? folderOf(codec) : `${codecs}/${SAMPLES}`;
  const values = { image, options: { folder, level, maxBytes, maxError } };
  return client.ask("encode", values, { signal, onProgress, transfer: [image.pixels.buffer] });
}

export async function decodeSamples(data, options) {
  const decoded = await decodeFile(data, options);
  if (!decoded.samples) throw new UsageError("the file has pixels, not samples of bands: use decode");
  return fromCore(decoded);
}

/** A file without signature, version, codec id and CRC-32, for places where the codec is known. */
export async function toBare(data, { checksum = false } = {}) {
  return client.ask("toBare", { file: await bytesOf(data), checksum });
}

export async function fromBare(data, { codec, checksum = false } = {}) {
  const id = codec?.id;
  if (!/^[0-9a-f]{8}$/.test(id)) throw new UsageError("say which codec: { codec: await loadCodec(url) }");
  return client.ask("fromBare", { payload: await bytesOf(data), id, checksum });
}

async function decoded(data, options) {
  const picture = await decodeFile(data, options);
  if (picture.samples) throw new UsageError("the file has samples of bands, not pixels: use decodeSamples");
  return picture;
}

// The folder of a codec that was loaded, or of a URL.
function folderOf(codec) {
  if (!codec) throw new UsageError("say which codec: { codec: await loadCodec(url) }, or its URL");
  return codec.url ?? absolute(codec);
}

// The pixels of a file with their own number of channels, or its samples, as the core has them.
async function decodeFile(data, { codec, maxPixels, maxFrames, baseOnly, signal, onProgress } = {}) {
  const limits = { maxPixels: limit("maxPixels", maxPixels), maxFrames: limit("maxFrames", maxFrames), baseOnly };
  const options = { codecs, folder: codec && folderOf(codec), limits };
  return client.ask("decode", { file: await bytesOf(data), options }, { signal, onProgress });
}

// The core takes 32 bits, of which 0 stands for its own limit.
function limit(name, value) {
  if (value === undefined) return undefined;
  if (!(value >= 1)) throw new UsageError(`${name} is ${value}, and has to be at least 1`);
  return Math.min(value, LARGEST);
}

function absolute(url) {
  const here = globalThis.document?.baseURI ?? globalThis.location?.href; // absent in Node
  const base = !here || /^(about|blob|data):/.test(here) ? import.meta.url : here;
  return new URL(url, base).href.replace(/\/$/, "");
}

// The bytes of a file. Parts of larger buffers are copied: workers would receive the whole buffers.
async function bytesOf(data) {
  if (data instanceof Blob) return new Uint8Array(await data.arrayBuffer());
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength));
  if (/ArrayBuffer]$/.test(Object.prototype.toString.call(data))) return new Uint8Array(data);
  throw new UsageError(`not the bytes of a file, but ${data?.constructor.name ?? data}: give an ArrayBuffer, an array of bytes or a Blob`);
}
