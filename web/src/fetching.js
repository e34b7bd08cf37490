// Files of a codec, which browsers cache as other files, and sections are checked by their hash.

import { CodecError, InputError } from "./errors.js";

const GZIP = [0x1f, 0x8b];

/** The content of a section, whose file is named by its hash. */
export async function fetchSection(core, folder, hash) {
  const url = `${folder}/${hash}`;
  for (const cache of ["default", "reload"]) { // what the browser has cached may be damaged
    const content = await fetchFile(url, { cache });
    if (core.sha256(content) === hash) return content;
  }
  throw new CodecError(`${url}: damaged, its SHA-256 is another one`);
}

/** The content of a file, unpacked. */
export async function fetchFile(url, options) {
  return unpacked(await request(url, options));
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

// Hosts may serve plain files or gzipped ones; which it is, the content says.
async function unpacked(response) {
  const body = response.arrayBuffer().catch(() => {
    throw new InputError(`${response.url}: the transfer broke off`);
  });
  const content = new Uint8Array(await body);
  if (!GZIP.every((byte, at) => content[at] === byte)) return content;
  const stream = new Blob([content]).stream().pipeThrough(new DecompressionStream("gzip"));
  try {
    return new Uint8Array(await new Response(stream).arrayBuffer());
  } catch {
    throw new CodecError(`${response.url}: damaged, it cannot be unpacked`);
  }
}
