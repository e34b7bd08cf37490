// The page: a picture before and after a codec, and what its file weighs.

import { AecodecError, CodecError, ImageError } from "./aecodec/errors.js";
import { decode, loadCodec, readHeader, setCodecs } from "./aecodec/index.js";
import { decodeSamples, samplesToImageData } from "./aecodec/samples.js";
import { asPng, CodedPicture, FORMATS, pixelsOf } from "./coded.js";
import * as view from "./view.js";

const PACKET = 237; // bytes: one LoRa packet
const LONGEST = 2560; // side of a picture in pixels; larger ones are reduced
const OURS = "aecodec";

const codecs = [];
const state = { picture: undefined, coded: undefined, level: 4, target: "level", maxError: 0, right: OURS, shown: undefined };

// ---- what is shown

// Do some work, and say what failed. Newer work aborts its signal.
async function attempt(control, work) {
  view.tell("");
  view.busy(true);
  try {
    await work(control.signal);
  } catch (error) {
    if (control.signal.aborted) return;
    view.tell(error instanceof AecodecError ? error.message : `An error occurred: ${error.message}`);
    if (!(error instanceof AecodecError)) throw error;
  } finally {
    view.busy(false);
  }
}

let changing = new AbortController();
function change(work) {
  changing.abort();
  changing = new AbortController();
  return attempt(changing, work);
}

function choice() {
  const { level, maxError } = state;
  return { level: { level }, packet: { maxBytes: PACKET }, error: { maxError } }[state.target];
}

function update() {
  if (!state.coded) return undefined; // a file without its original is shown
  return change(async (signal) => {
    const { coded } = state;
    view.clearRows();
    const file = await coded.at(choice(), { signal, onProgress: view.progress });
    signal.throwIfAborted();
    state.shown = file;
    view.showFile(file, coded.original, state.target === "level" ? state.level : undefined);
    view.showRow(OURS, file);
    await showRight(signal);
    showRivals(file, signal);
  });
}

async function showRivals(file, signal) {
  for (const format of FORMATS) {
    const rival = await state.coded.rival(format, file.bytes);
    if (signal.aborted) return;
    view.showRow(format.title, rival);
  }
}

async function showRight(signal) {
  const { coded, right, shown: file } = state;
  const format = FORMATS.find(({ title }) => title === right);
  const shown = (format && (await coded.rival(format, file.bytes))) ?? file;
  signal.throwIfAborted();
  view.showRight(shown.picture, shown === file ? OURS : right);
}

// ---- what is opened

// The codec for a picture: one whose tile is the picture, or else one for any size; a grey one for a colour picture comes last.
function suited(picture) {
  const { width, height, data } = picture;
  const able = codecs.filter(({ compresses }) => compresses);
  const isGrey = () => data.every((value, at) => at % 4 === 3 || value === data[at - (at % 4)]);
  const isTile = ({ tile, anySize }) => !anySize && tile.width === width && tile.height === height;
  if (!able.length) throw new CodecError("The codecs of this page only decompress: choose an .aec file");
  const codec = able.find((candidate) => isTile(candidate) && (candidate.channels === 3 || isGrey()))
    ?? able.find(({ anySize }) => anySize) ?? able.find(isTile);
  if (!codec) throw new ImageError(`No codec of this page is for pictures of ${width}x${height} pixels`);
  return codec;
}

function compare(name, picture, codec, sample) {
  state.picture = { name, picture };
  state.coded = new CodedPicture(picture, codec, sample);
  state.shown = undefined;
  state.level = codec.defaultLevel;
  view.open({ name, picture });
  view.allow(codec.levels, state);
  return update();
}

// A file that is rejected leaves the comparison running.
let opening = new AbortController();
async function openFile(file) {
  opening.abort();
  opening = new AbortController();
  await attempt(opening, async (signal) => {
    await ready;
    const [first, second] = new Uint8Array(await file.slice(0, 2).arrayBuffer());
    const isOurs = file.name?.endsWith(".aec") || (first === 0xae && second === 0x43);
    const show = await (isOurs ? readAec(file, signal) : readImage(file));
    if (!signal.aborted) await show();
  });
}

async function readImage(file) {
  const picture = await pixelsOf(file, LONGEST).catch(() => {
    throw new ImageError(`This browser cannot read ${file.name ?? "the pasted data"} as a picture`);
  });
  const codec = suited(picture);
  return () => compare(file.name ?? "Pasted picture", picture, codec);
}

async function readAec(file, signal) {
  const header = await readHeader(file);
  const codec = codecs.find(({ id }) => id === header.id);
  const options = { codec, signal, onProgress: view.progress };
  const picture = header.hasSamples ? samplesToImageData(await decodeSamples(file, options)) : await decode(file, options);
  return () => {
    changing.abort();
    state.picture = { name: file.name ?? "File", picture };
    state.coded = undefined;
    state.shown = { blob: file, bytes: file.size, picture };
    view.openAlone({ name: state.picture.name, header, file, picture, codec });
  };
}

// ---- controls

function listen() {
  view.onLevel((level) => {
    Object.assign(state, { level, target: "level" });
    update();
  });
  view.onTarget((target, maxError) => {
    Object.assign(state, { target, maxError });
    update();
  });
  view.onRight((right) => {
    state.right = right;
    update();
  });
  view.onSave(async (kind) => {
    const { shown, picture } = state;
    const name = picture.name.replace(/\.\w+$/, "") || "picture";
    return kind === "aec" ? [shown.blob, `${name}.aec`] : [await asPng(shown.picture), `${name}.png`];
  });
  view.listenToOpening(openFile);
}

async function fetched(url) {
  return (await fetch(url)).blob();
}

// The sample is shown before its file and the codecs are there.
async function openSample(name) {
  const original = await pixelsOf(await fetched(`samples/${name}`));
  view.open({ name, picture: original });
  return original;
}

async function start() {
  view.busy(true);
  setCodecs("codecs");
  const lists = ["codecs", "samples"].map(async (name) => (await fetch(`${name}/index.json`)).json());
  const [ids, sample] = await Promise.all(lists);
  const [original, file, ...loaded] = await Promise.all([
    sample && openSample(sample.picture),
    sample && fetched(`samples/${sample.picture}.aec`),
    ...ids.map((id) => loadCodec(`codecs/${id}`)),
  ]);
  codecs.push(...loaded);
  if (!sample) return;
  const codec = codecs.find(({ id }) => id === sample.codec);
  const known = { choice: { level: codec.defaultLevel }, file: new Uint8Array(await file.arrayBuffer()) };
  compare(sample.picture, original, codec, known);
}

listen();
const ready = start().finally(() => view.busy(false));
ready.catch((error) => {
  view.tell(error.message);
  throw error;
});
