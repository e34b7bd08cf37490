// The worker that a page talks to. Each message asks for one thing, and is answered once.

import { compileCore, Core } from "./core.js";
import { packError, UsageError } from "./errors.js";
import { Job, Jobs } from "./jobs.js";
import { likeness } from "./steps.js";

const prepared = new Map(); // pictures, by number
const running = new Map(); // jobs at work, by number of their message
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

// A picture that is closed while a job works on it is freed when that job ends.
async function withPicture(key, use) {
  const entry = prepared.get(key);
  if (!entry) throw new UsageError("this picture was closed");
  entry.users += 1;
  try {
    return await use(entry.picture);
  } finally {
    entry.users -= 1;
    freeIfUnused(key, entry);
  }
}

function freeIfUnused(key, { picture, users }) {
  if (users === 0 && !prepared.has(key)) picture.encoding.free();
}

const ASKED = {
  header: async ({ core }, { file }) => core.header(file),
  base: async ({ core }, { file }) => core.base(file),
  toBare: async ({ core }, { file, checksum }) => core.toBare(file, checksum),
  fromBare: async ({ core }, { payload, id, checksum }) => core.fromBare(payload, id, checksum),
  facts: async (all, { folder }) => (await all.codec(folder)).facts,
  bands: async (all, { folder }) => (await all.codec(folder)).bands(),
  decode: (all, { file, options }, report) => all.decode(file, options, report),
  encode: (all, { image, options }, report) => all.encode(image, options, report),
  likeness: async ({ core }, { first, second }) => likeness(core, first, second),
  async prepare(all, { image, folder, key }, report) {
    prepared.set(key, { picture: await all.prepare(image, folder, report), users: 0 });
  },
  file: (all, { key, level, maxBytes }, report) =>
    withPicture(key, (picture) => all.make(picture, { level, maxBytes }, report)),
  async close(all, { key }) {
    const entry = prepared.get(key);
    prepared.delete(key);
    if (entry) freeIfUnused(key, entry);
  },
};

function buffersOf(result) {
  const parts = [result, result?.pixels, result?.samples, result?.missing, result?.file];
  return parts.filter((part) => part instanceof Uint8Array).map((part) => part.buffer);
}

onmessage = async ({ data: { number, what, abort, ...values } }) => {
  if (abort) {
    if (running.has(abort)) running.get(abort).isAborted = true;
    return;
  }
  const job = new Job((done, of) => postMessage({ number, done, of }));
  running.set(number, job);
  try {
    const result = await ASKED[what](await started(), values, job.report);
    postMessage({ number, result }, buffersOf(result));
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError) startAgain();
    postMessage({ number, error: packError(error) });
  } finally {
    running.delete(number);
  }
};
