// The worker that a page talks to. Each message asks for one thing, and is answered once.

import { Core } from "./core.js";
import { packError } from "./errors.js";
import { fetchFile, traffic } from "./fetching.js";
import { Jobs } from "./jobs.js";

const running = new Map(); // jobs at work, by number of their message
let jobs;

function started() {
  jobs ??= start();
  jobs.catch(() => { jobs = undefined; });
  return jobs;
}

async function start() {
  const module = await WebAssembly.compile(await fetchFile(new URL("./aecodec.wasm", import.meta.url)));
  return new Jobs(new Core(module), module);
}

const ASKED = {
  header: async ({ core }, { file }) => core.header(file),
  toBare: async ({ core }, { file, checksum }) => core.toBare(file, checksum),
  fromBare: async ({ core }, { file, id, checksum }) => core.fromBare(file, id, checksum),
  facts: async (all, { folder }) => (await all.codec(folder)).facts,
  decode: (all, { file, options }, report) => all.decode(file, options, report),
  encode: (all, { image, options }, report) => all.encode(image, options, report),
};

// All that wait are told of all downloads, which several jobs may share.
traffic.tell = () => {
  const { done, of } = traffic;
  for (const number of running.keys()) postMessage({ number, done, of, isDownload: true });
};

function buffersOf(result) {
  const parts = [result, result?.pixels, result?.samples, result?.missing].flat();
  return parts.filter((part) => part instanceof Uint8Array).map((part) => part.buffer);
}

onmessage = async ({ data: { number, what, abort, ...values } }) => {
  if (abort) {
    if (running.has(abort)) running.get(abort).isAborted = true;
    return;
  }
  const job = { isAborted: false };
  const report = (done, of) => { // without numbers, it only ends aborted jobs
    if (job.isAborted) throw new DOMException("the caller gave up", "AbortError");
    if (of) postMessage({ number, done, of });
  };
  running.set(number, job);
  try {
    const result = await ASKED[what](await started(), values, report);
    postMessage({ number, result }, buffersOf(result));
  } catch (error) {
    // After a fault in the core nothing in its memory can be trusted: the next job gets another one.
    if (error instanceof WebAssembly.RuntimeError) jobs = undefined;
    postMessage({ number, error: packError(error) });
  } finally {
    running.delete(number);
  }
};
