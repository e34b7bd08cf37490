// The worker that a page talks to. Each message asks for one thing, and is answered once.

import { compileCore, Core } from "./core.js";
import { packError, UsageError } from "./errors.js";
import { Jobs, Wanted } from "./jobs.js";
import { likeness } from "./steps.js";

const prepared = new Map(); // pictures, by number
const wanted = new Map(); // jobs at work, by number of their message
let jobs;

function started() {
  jobs ??= start();
  jobs.catch(() => { jobs = undefined; });
  return jobs;
}

async function start() {
  const module = await compileCore();
  return new Jobs(new Core(module), module);
}

// After a fault in the core nothing in its memory can be trusted: the next job gets another one.
function startAgain() {
  jobs = undefined;
  prepared.clear();
}

function pictureOf(key) {
  if (!prepared.has(key)) throw new UsageError("this picture was closed");
  return prepared.get(key);
}

const ASKED = {
  header: async ({ core }, { file }) => core.header(file),
  facts: async (all, { folder }) => (await all.codec(folder)).facts,
  decode: (all, { file, options }, report) => all.decode(file, options, report),
  encode: (all, { image, options }, report) => all.encode(image, options, report),
  likeness: async ({ core }, { one, other }) => likeness(core, one, other),
  async prepare(all, { image, folder, key }, report) {
    prepared.set(key, await all.prepare(image, folder, report));
  },
  file: async (all, { key, level, maxBytes }) =>
    maxBytes === undefined ? all.file(pictureOf(key), level) : all.within(pictureOf(key), maxBytes),
  async close(all, { key }) {
    prepared.get(key)?.encoding.free();
    prepared.delete(key);
  },
};

function buffersOf(result) {
  const pixels = result?.pixels ?? result;
  return pixels instanceof Uint8Array ? [pixels.buffer] : [];
}

onmessage = async ({ data: { number, what, abort, ...values } }) => {
  if (abort) {
    if (wanted.has(abort)) wanted.get(abort).isAborted = true;
    return;
  }
  const job = new Wanted((done, of) => postMessage({ number, done, of }));
  wanted.set(number, job);
  try {
    const result = await ASKED[what](await started(), values, job.report);
    postMessage({ number, result }, buffersOf(result));
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError) startAgain();
    postMessage({ number, error: packError(error) });
  } finally {
    wanted.delete(number);
  }
};
