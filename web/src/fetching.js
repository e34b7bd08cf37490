// Files of a codec, which browsers cache as other files, and sections are checked by their hash.

import { CodecError, InputError } from "./errors.js";

const GZIP = [0x1f, 0x8b];

/** Bytes that the running downloads have brought and will bring; `tell` is called as they come. */
export const traffic = { done: 0, of: 0, running: 0, tell() {} };

/** A promise by its key, which is made once unless it fails. */
export function once(promises, key, make) {
  if (!promises.has(key)) {
    promises.set(key, make());
    promises.get(key).catch(() => promises.delete(key));
  }
  return promises.get(key);
}

/** What the content is instead of a file, if a host sent something else. */
export function faultOf(content) {
  if (!content.length) return "empty: download it again, or compress the picture again";
  const start = String.fromCharCode(...content.subarray(0, 64)).trimStart();
  const isPage = /^<(!doctype|html|head|!--)/i.test(start);
  return isPage ? "an HTML page, which servers send for unknown addresses: check the address, and whether the file is on the host" : "";
}

/** The content of a section, whose file is named by its hash. */
export async function fetchSection(core, folder, hash) {
  const url = `${folder}/${hash}`;
  for (const cache of ["default", "reload"]) { // what the browser has cached may be damaged
    const content = await fetchFile(url, { cache });
    if (core.sha256(content) === hash) return content;
  }
  throw new CodecError(`${url} is damaged, because its SHA-256 is wrong: publish the codec again`);
}

/** The content of a file. Hosts may serve it plain or gzipped; which it is, the content says. */
export async function fetchFile(url, options) {
  const response = await fetch(url, options).catch(() => {
    throw new InputError(`${url} cannot be fetched: check the network, the host's name and its CORS headers, and the page's Content-Security-Policy`);
  });
  if (!response.ok) {
    const error = new InputError(`${url} cannot be fetched: ${response.status} ${response.statusText}`);
    throw Object.assign(error, { isAbsent: response.status === 404 });
  }
  const content = await counted(response).catch(() => {
    throw new InputError(`${url}: the transfer was interrupted; try again`);
  });
  const fault = faultOf(content);
  if (fault) throw new InputError(`${url} is ${fault}`);
  return GZIP.every((byte, at) => content[at] === byte) ? unpacked(content, url) : content;
}

async function unpacked(content, url) {
  const stream = new Blob([content]).stream().pipeThrough(new DecompressionStream("gzip"));
  return bytesOf(stream).catch(() => {
    throw new CodecError(`${url} is damaged, because its gzip data cannot be unpacked: publish it again`);
  });
}

async function bytesOf(stream) {
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// The body of a response, counted in `traffic` as it comes. Hosts that compress do not say how long it is.
async function counted({ body, headers }) {
  const transform = (part, stream) => {
    traffic.done += part.length;
    traffic.of = Math.max(traffic.of, traffic.done);
    traffic.tell(traffic);
    stream.enqueue(part);
  };
  traffic.of += headers.has("content-encoding") ? 0 : Number(headers.get("content-length"));
  traffic.running += 1;
  try {
    return await bytesOf(body.pipeThrough(new TransformStream({ transform })));
  } finally {
    traffic.running -= 1;
    if (!traffic.running) traffic.done = traffic.of = 0;
  }
}
