// The files that the core in WebAssembly makes, in hexadecimal, and the SHA-256 of the pixels in them, as a list in JSON.
//
//     node platforms.mjs MODULES BUNDLE PICTURES LEVEL...
//
// MODULES is the folder of the package's modules. PICTURES.json lists width, height and channels, and
// PICTURES.raw has the pixels of all pictures, one after the other.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const UNITS = 16; // of a level
const [ENCODER, DECODER] = [1, 2];

const [modules, bundle, pictures, ...levels] = process.argv.slice(2);
const imported = (name) => import(`${pathToFileURL(modules)}/${name}`);
const { Core } = await imported("core.js");
const { Codec } = await imported("codec.js");
const { Decoding, Encoding } = await imported("steps.js");

const core = new Core(new WebAssembly.Module(readFileSync(`${modules}/aecodec.wasm`)));
const content = readFileSync(bundle);
const codec = new Codec(core, "", content);
const networks = [ENCODER, DECODER].map((half) => network(codec.sections.find(({ kind }) => kind === half)));

function network({ number, size }) {
  const offset = core.with("section", (at) => {
    core.check("aecodec_bundle_section", codec.bundle, number, at);
    return core.numbers(at, 3)[2];
  });
  return core.network(core.put(content.subarray(offset, offset + size)), size);
}

const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

function encoded(image) {
  const steps = Encoding.begin(codec, image, { parts: 1 });
  steps.runHere(networks[0]);
  const files = levels.map((level) => steps.file(UNITS * level));
  steps.free();
  return files;
}

function decoded(file) {
  const steps = Decoding.begin(codec, file, { parts: 1 });
  steps.runHere(networks[1]);
  const { pixels } = steps.finish();
  steps.free();
  return pixels;
}

const raw = readFileSync(`${pictures}.raw`);
let at = 0;
const results = JSON.parse(readFileSync(`${pictures}.json`)).map((shape) => {
  const size = shape.width * shape.height * shape.channels;
  const image = { ...shape, frames: 1, pixels: raw.subarray(at, (at += size)) };
  return encoded(image).map((file) => [Buffer.from(file).toString("hex"), sha256(decoded(file))]);
});
console.log(JSON.stringify(results));
