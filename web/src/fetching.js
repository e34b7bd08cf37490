// Files of a codec: fetched once, checked by their hash, kept for the next visit.

import { CodecError, InputError } from "./errors.js";

const CACHE = "aecodec-codecs";
const GZIP = [0x1f, 0x8b];

/** The content of a section, whose file is named by its hash. */
export async function fetchSection(core, folder, hash) {
  const url = `${folder}/${hash}`;
  const kept = await match(url);
  const content = await unpacked(kept ?? (await fetched(url)));
  if (core.sha256(content) !== hash) {
    await forget(url);
    throw new CodecError(`${url}: damaged, its SHA-256 is another one`);
  }
  return content;
}

/** A file, unpacked: the newest one, or without a network the one of the last visit. */
export async function fetchNewest(url) {
  try {
    return await unpacked(await fetched(url));
  } catch (error) {
    const kept = await match(url);
    if (!kept) throw error;
    return unpacked(kept);
  }
}

async function fetched(url) {
  let response;
  try {
    response = await fetch(url);
  } catch {
    throw new InputError(`${url} cannot be fetched: there is no network, or no such host`);
  }
  if (!response.ok) {
    const error = new InputError(`${url} cannot be fetched: ${response.status} ${response.statusText}`);
    throw Object.assign(error, { isAbsent: response.status === 404 });
  }
  await keep(url, response.clone());
  return response;
}

// Hosts may serve plain files or gzipped ones; which it is, the content says.
async function unpacked(response) {
  const content = new Uint8Array(await response.arrayBuffer());
  if (!GZIP.every((byte, at) => content[at] === byte)) return content;
  const stream = new Blob([content]).stream().pipeThrough(new DecompressionStream("gzip"));
  try {
    return new Uint8Array(await new Response(stream).arrayBuffer());
  } catch {
    throw new CodecError(`${response.url}: damaged, it cannot be unpacked`);
  }
}

// Cache Storage exists on https and on localhost alone; elsewhere the browser's own cache has to do.
async function match(url) {
  return globalThis.caches ? (await caches.open(CACHE)).match(url) : undefined;
}

async function keep(url, response) {
  if (!globalThis.caches) return;
  try {
    await (await caches.open(CACHE)).put(url, response);
  } catch {
    // no room: it is fetched again next time
  }
}

async function forget(url) {
  if (globalThis.caches) await (await caches.open(CACHE)).delete(url);
}
