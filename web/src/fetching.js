// Files of a codec: fetched once, checked by their hash, kept for the next visit.

import { CodecError, InputError } from "./errors.js";

const CACHE = "aecodec-codecs";
const GZIP = [0x1f, 0x8b];

/** The content of a section, whose file is named by its hash. */
export async function fetchSection(core, folder, hash) {
  const url = `${folder}/${hash}`;
  const kept = await inCache((cache) => cache.match(url));
  const content = await unpacked(kept ?? (await fetched(url)));
  if (core.sha256(content) !== hash) {
    await inCache((cache) => cache.delete(url));
    throw new CodecError(`${url}: damaged, its SHA-256 is another one`);
  }
  return content;
}

/** A file, unpacked: the newest one, or without a network the one of the last visit. */
export async function fetchNewest(url) {
  try {
    return await unpacked(await fetched(url));
  } catch (error) {
    const kept = await inCache((cache) => cache.match(url));
    if (!kept) throw error;
    return unpacked(kept);
  }
}

/** The response of a host. Throws InputError. */
export async function request(url, options) {
  let response;
  try {
    response = await fetch(url, options);
  } catch {
    throw new InputError(`${url} cannot be fetched: there is no network or no such host, or the host or the page does not allow it`);
  }
  if (!response.ok) {
    const error = new InputError(`${url} cannot be fetched: ${response.status} ${response.statusText}`);
    throw Object.assign(error, { isAbsent: response.status === 404 });
  }
  return response;
}

/** Throw that the body of a response did not arrive. */
export function failTransfer({ url }) {
  throw new InputError(`${url}: the transfer broke off`);
}

async function fetched(url) {
  const response = await request(url);
  const copy = response.clone();
  await inCache((cache) => cache.put(url, copy));
  return response;
}

// Hosts may serve plain files or gzipped ones; which it is, the content says.
async function unpacked(response) {
  const content = new Uint8Array(await response.arrayBuffer().catch(() => failTransfer(response)));
  if (!GZIP.every((byte, at) => content[at] === byte)) return content;
  const stream = new Blob([content]).stream().pipeThrough(new DecompressionStream("gzip"));
  try {
    return new Uint8Array(await new Response(stream).arrayBuffer());
  } catch {
    throw new CodecError(`${response.url}: damaged, it cannot be unpacked`);
  }
}

// Cache Storage exists only on https and localhost, browsers may forbid it, and it may be full. Then the browser's own
// cache has to do.
async function inCache(use) {
  try {
    return await use(await caches.open(CACHE));
  } catch {
    return undefined;
  }
}
