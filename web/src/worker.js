// The worker that a page talks to. Each message asks for one thing, and is answered once.

import { compileCore, Core } from "./core.js";
import { packError } from "./errors.js";
import { Jobs, Wanted } from "./jobs.js";
import { likeness } from "./steps.js";

const prepared = new Map(); // pictures, by number
const wanted = new Map(); // jobs at work, by number of their message
let jobs;

async function start() {
  const module = await compileCore();
  return new Jobs(new Core(module), module);
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
  file: (all, { key, level, maxBytes }) =>
    maxBytes === undefined ? all.file(prepared.get(key), level) : all.within(prepared.get(key), maxBytes),
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
    jobs ??= start();
    const result = await ASKED[what](await jobs, values, job.report);
    postMessage({ number, result }, buffersOf(result));
  } catch (error) {
    postMessage({ number, error: packError(error) });
  } finally {
    wanted.delete(number);
  }
};
