// The page: a picture before and after a codec, and what its file weighs.

import { AecodecError, CodecError, decode, ImageError, loadCodec, readHeader, setCodecs } from "./aecodec/index.js";
import { decodeSamples, samplesToImageData } from "./aecodec/samples.js";
import { asPng, CodedPicture, FORMATS, pixelsOf } from "./coded.js";
import * as view from "./view.js";

const PACKET = 237; // bytes: one LoRa packet
const LONGEST = 2560; // side of a picture in pixels; larger ones are reduced
const OURS = "aecodec";

const codecs = [];
let able = []; // codecs that compress
const state = { picture: undefined, coded: undefined, level: 4, target: "level", maxError: 0, right: OURS, shown: undefined };

// ---- what is shown

// Do some work, and say what failed. The work draws only while nothing newer has begun.
let newest = 0;
async function change(work) {
  const number = ++newest;
  const isCurrent = () => number === newest;
  view.tell("");
  view.busy(true);
  try {
    await work(isCurrent);
  } catch (error) {
    if (isCurrent()) view.tell(error instanceof AecodecError ? error.message : `That failed: ${error.message}`);
    if (!(error instanceof AecodecError)) throw error;
  } finally {
    if (isCurrent()) view.busy(false);
  }
}

function choice() {
  const { level, maxError } = state;
  return { level: { level }, packet: { maxBytes: PACKET }, error: { maxError } }[state.target];
}

function update() {
  if (!state.coded) return undefined; // a file without its original is shown
  return change(async (isCurrent) => {
    const { coded } = state;
    const file = await coded.at(choice(), (progress) => isCurrent() && view.progress(progress));
    if (!isCurrent()) return;
    view.showFile(file, coded);
    if (state.target === "level") view.showLevel(state.level, file);
    state.shown = file;
    view.showRow(OURS, file);
    await showRight(isCurrent);
    view.busy(false);
    await showRivals(file, isCurrent);
    if (coded.atLevels) await showOtherLevels(coded, isCurrent);
  });
}

async function showRight(isCurrent) {
  const { coded, right, shown: file } = state;
  const format = file && FORMATS.find(({ title }) => title === right);
  const shown = format ? await coded.rival(format, file.bytes) : file;
  if (isCurrent() && shown) view.showRight(shown.picture, right);
}

async function showRivals(file, isCurrent) {
  for (const format of FORMATS) {
    const rival = await state.coded.rival(format, file.bytes);
    if (!isCurrent()) return;
    view.showRow(format.title, rival);
  }
}

// All levels in turn, so that dragging finds them decoded.
async function showOtherLevels(coded, isCurrent) {
  for (let level = 1; level <= coded.codec.levels && isCurrent(); level += 1) {
    const file = await coded.at({ level });
    if (isCurrent()) view.showLevel(level, file, { isChosen: state.target === "level" && level === state.level });
  }
}

// ---- what is opened

// The codec for a picture: one whose tile is the picture, or else one for any size; a grey one for a colour picture comes last.
function suited(picture) {
  const { width, height, data } = picture;
  const isGrey = () => data.every((value, at) => at % 4 === 3 || value === data[at - (at % 4)]);
  const isTile = ({ tile, anySize }) => !anySize && tile.width === width && tile.height === height;
  return able.find((codec) => isTile(codec) && (codec.channels === 3 || isGrey())) ?? able.find(({ anySize }) => anySize) ?? able.find(isTile);
}

function openPicture(name, picture, codec, sample) {
  state.picture = { name, picture };
  state.coded = new CodedPicture(picture, codec, sample);
  state.shown = undefined;
  state.level = sample?.choice.level ?? codec.defaultLevel;
  view.open({ name, picture, codec, level: state.level, target: state.target });
  return update();
}

async function openFile(file) {
  const isOurs = file.name?.endsWith(".aec") || (await startsAsOurs(file));
  await change(async (isCurrent) => {
    if (isOurs) await openAec(file, isCurrent);
    else await openImage(file, isCurrent);
  });
}

async function startsAsOurs(file) {
  const [first, second] = new Uint8Array(await file.slice(0, 2).arrayBuffer());
  return first === 0xae && second === 0x43;
}

async function openImage(file, isCurrent) {
  const picture = await pixelsOf(file, LONGEST).catch(() => {
    throw new ImageError(`${file.name ?? "It"} is not a picture that this browser can read`);
  });
  const codec = suited(picture);
  if (!able.length) throw new CodecError("The codecs of this page only decompress: drop an .aec file");
  if (!codec) throw new ImageError(`No codec of this page is for pictures of ${picture.width}x${picture.height} pixels`);
  if (isCurrent()) openPicture(file.name ?? "Pasted picture", picture, codec);
}

async function openAec(file, isCurrent) {
  const header = await readHeader(file);
  const codec = codecs.find(({ id }) => id === header.id);
  const options = { codec, onProgress: (progress) => isCurrent() && view.progress(progress) };
  const picture = header.hasSamples ? samplesToImageData(await decodeSamples(file, options)) : await decode(file, options);
  if (!isCurrent()) return;
  state.picture = { name: file.name ?? "File", picture };
  state.coded = undefined;
  state.shown = { blob: file, bytes: file.size, picture };
  view.openAlone({ name: state.picture.name, header, file, picture, codec });
}

async function openSample(sample) {
  await change(async (isCurrent) => {
    const [picture, file] = await Promise.all(
      ["", ".aec"].map(async (suffix) => (await fetch(`samples/${sample.picture}${suffix}`)).blob()),
    );
    const original = await pixelsOf(picture);
    const codec = codecs.find(({ id }) => id === sample.codec);
    const coded = { choice: { level: sample.level }, file: new Uint8Array(await file.arrayBuffer()) };
    if (!isCurrent()) return;
    openPicture(sample.picture, original, codec, coded);
    for (const measured of sample.levels) view.showLevel(measured.level, measured, { isChosen: measured.level === sample.level });
  });
}

// ---- controls

function listen() {
  view.onLevel((level) => {
    Object.assign(state, { level, target: "level" });
    view.showTarget("level");
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

async function json(url) {
  return (await fetch(url)).json();
}

async function start() {
  listen();
  setCodecs("codecs");
  const [ids, sample] = await Promise.all([json("codecs/index.json"), json("samples/index.json")]);
  codecs.push(...(await Promise.all(ids.map((id) => loadCodec(`codecs/${id}`)))));
  able = codecs.filter(({ compresses }) => compresses);
  if (sample) await openSample(sample);
}

start().catch((error) => {
  view.tell(error.message);
  throw error;
});
