// The worker that a page talks to.

import { Core } from "./core.js";
import { fetchFile, once, traffic } from "./fetching.js";
import { Jobs } from "./jobs.js";
import { serve } from "./messages.js";

const WASM = new URL("./aecodec.wasm", import.meta.url);
const ANSWERS = {
  header: ({ core }, { file }) => core.header(file),
  toBare: ({ core }, { file, checksum }) =>
    core.converted("aecodec_to_bare", core.header(file).id, file, checksum),
  fromBare: ({ core }, { file, id, checksum }) => core.converted("aecodec_from_bare", id, file, checksum),
  facts: async (jobs, { folder }) => (await jobs.codec(folder)).facts,
  decode: (jobs, { file, options }, report) => jobs.decode(file, options, report),
  encode: (jobs, { image, options }, report) => jobs.encode(image, options, report),
};
const started = new Map();

async function start() {
  const module = await WebAssembly.compile(await fetchFile(WASM));
  return new Jobs(new Core(module), module);
}

const tellAll = serve(async (what, values, report) => {
  const jobs = await once(started, WASM, start);
  try {
    return await ANSWERS[what](jobs, values, report);
  } catch (error) {
    // After a fault in the core nothing in its memory can be trusted: the next job gets another one.
    if (error instanceof WebAssembly.RuntimeError) started.clear();
    throw error;
  }
});

// All that wait are told of all downloads, which several jobs may share.
traffic.tell = ({ done, of }) => tellAll({ done, of, isDownload: true });
