// What the core in WebAssembly, whose sizes have 32 bits, says of hostile bytes.
//
//     node hostile.mjs CORE bundle FILE                      the status of opening a bundle
//     node hostile.mjs CORE plan FILE INPUT_SIZE OUTPUT_SIZE  the status of running a plan on one pixel

import { readFileSync } from "node:fs";

const [path, kind, file, inputSize, outputSize] = process.argv.slice(2);
const core = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(path)), {}).exports;
core._initialize();

function put(content) {
  const address = core.aecodec_web_allocate(content.length);
  new Uint8Array(core.memory.buffer, address, content.length).set(content);
  return address;
}

const content = readFileSync(file);
const address = put(content);

function runPlan() {
  const window = put(new Uint8Array(new Uint32Array([1, 1, Number(inputSize), Number(outputSize)]).buffer));
  return core.aecodec_web_run(address, content.length, window, put(new Uint8Array(Number(inputSize))), put(new Uint8Array(Number(outputSize))));
}

console.log(kind === "bundle" ? core.aecodec_bundle_from_memory(address, content.length, put(new Uint8Array(4))) : runPlan());
