// Files that callers give, and the folder of their codecs.

import { client } from "./client.js";
import { AecodecError, FormatError, UsageError } from "./errors.js";
import { faultOf } from "./fetching.js";

const LARGEST = 0xffffffff;

let codecs = absolute("codecs");

/** Set the folder in which codecs lie, each in a folder named by its id. */
export function setCodecs(url) {
  codecs = absolute(url);
}

/** The folder of a codec that was loaded, or of a URL or an id. */
export function folderOf(codec, id) {
  if (id) return `${codecs}/${id}`;
  if (!codec) throw new UsageError("there is no codec: pass { codec: await loadCodec(url) }, or the URL of a codec");
  return codec.url ?? absolute(codec);
}

/** Ask the worker about a file. If the file has a name, messages of errors begin with it. */
export async function askAbout(what, data, values, options) {
  try {
    return await client.ask(what, { file: await bytesOf(data), ...values }, options);
  } catch (error) {
    if (data?.name && error instanceof AecodecError) error.message = `${data.name}: ${error.message}`;
    throw error;
  }
}

/** The pixels of a file with their own number of channels, or its samples, as the core has them. */
export function decodeFile(data, { codec, maxPixels, maxFrames, baseOnly, signal, onProgress } = {}) {
  const limits = { maxPixels: limit("maxPixels", maxPixels), maxFrames: limit("maxFrames", maxFrames), baseOnly };
  const options = { codecs, folder: codec && folderOf(codec), limits };
  return askAbout("decode", data, { options }, { signal, onProgress });
}

/** A number as the core takes it: in 32 bits, of which 0 stands for its own limit. */
export function limit(name, value) {
  if (value === undefined) return undefined;
  if (!(value >= 1)) throw new UsageError(`${name} is ${value}: use a number of at least 1`);
  return Math.min(value, LARGEST);
}

export function absolute(url) {
  const here = globalThis.document?.baseURI ?? globalThis.location?.href; // absent in Node
  const base = !here || /^(about|blob|data):/.test(here) ? import.meta.url : here;
  return new URL(url, base).href.replace(/\/$/, "");
}

async function bytesOf(data) {
  const bytes = await copyOf(data);
  const fault = faultOf(bytes);
  if (fault) throw new FormatError(`not an .aec file, but ${fault}`);
  return bytes;
}

// Parts of larger buffers are copied: workers would receive the whole buffers.
async function copyOf(data) {
  if (data instanceof Blob) return new Uint8Array(await data.arrayBuffer());
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength));
  if (/ArrayBuffer]$/.test(Object.prototype.toString.call(data))) return new Uint8Array(data);
  throw new UsageError(`${data?.constructor.name ?? data} is not the content of a file: pass an ArrayBuffer, an array of bytes or a Blob`);
}
