// The page: a picture before and after a codec, and what its file weighs.

import { AecodecError, CodecError, ImageError } from "./aecodec/errors.js";
import { decode, loadCodec, readHeader, setCodecs } from "./aecodec/index.js";
import { decodeSamples, samplesToImageData } from "./aecodec/samples.js";
import { asPng, CodedPicture, FORMATS, pixelsOf } from "./coded.js";
import * as view from "./view.js";

const LONGEST = 2560; // side of a picture in pixels; larger ones are reduced

const codecs = [];
let coded; // the picture that is compared; undefined for a file without its original
let saved; // the file that is shown and its picture

// A function that does work, and says what failed. Newer work aborts the signal of the older.
function exclusive() {
  let control = new AbortController();
  return async (work) => {
    control.abort();
    control = new AbortController();
    const { signal } = control;
    view.tell("");
    view.busy(true);
    await work(signal).catch((error) => signal.aborted || complain(error)).finally(() => view.busy(false));
  };
}

function complain(error) {
  view.tell(error instanceof AecodecError ? error.message : `An error occurred: ${error.message}`);
  if (!(error instanceof AecodecError)) throw error;
}

const change = exclusive();
const open = exclusive();

function compare(name, picture, codec, sample) {
  coded = new CodedPicture(picture, codec, sample);
  view.open(name, picture);
  view.allow(codec);
  return update();
}

function update() {
  return change(async (signal) => {
    const choice = view.choice();
    view.clearRows();
    const file = await coded.file(choice, { signal, onProgress: view.progress });
    signal.throwIfAborted();
    saved = file;
    view.showFile(file, choice.level);
    const rival = FORMATS.includes(view.shown()) && (await coded.rival(view.shown(), file.blob.size));
    signal.throwIfAborted();
    view.showRight(rival || file, rival ? view.shown() : "aecodec");
    measure(file, signal);
  });
}

async function measure(file, signal) {
  const { size } = file.blob;
  for (const format of FORMATS) {
    const rival = await coded.rival(format, size);
    if (signal.aborted) return;
    view.showRow(format, rival);
  }
}

// ---- what is opened

// A file that is rejected leaves the comparison running.
function openFile(file) {
  return open(async (signal) => {
    await ready;
    const show = await (file.name.endsWith(".aec") ? readAec(file, signal) : readImage(file));
    if (!signal.aborted) await show();
  });
}

async function readImage(file) {
  const picture = await pixelsOf(file, LONGEST).catch(() => {
    throw new ImageError(`This browser cannot read ${file.name} as a picture`);
  });
  const codec = codecFor(picture);
  return () => compare(file.name, picture, codec);
}

function codecFor({ width, height }) {
  const isTile = ({ tile }) => tile.width === width && tile.height === height;
  const takes = (codec) => codec.compresses && !codec.phases && (codec.anySize || isTile(codec));
  const codec = codecs.find(takes);
  if (!codec) throw new CodecError(`No codec on this page can compress ${width}x${height} pixels: choose an .aec file`);
  return codec;
}

async function readAec(blob, signal) {
  const header = await readHeader(blob);
  const codec = codecs.find(({ id }) => id === header.id);
  const options = { codec, signal, onProgress: view.progress };
  const readSamples = async () => samplesToImageData(await decodeSamples(blob, options));
  const picture = await (header.hasSamples ? readSamples() : decode(blob, options));
  return () => change(async () => {
    coded = undefined;
    saved = { blob, picture };
    view.openAlone(blob.name, header, saved, codec);
  });
}

// ---- the beginning

const fetched = async (url) => (await fetch(url)).blob();

// The file of the sample and its picture, which were made with the page.
async function sampleResult(name) {
  const [file, picture] = await Promise.all(["aec", "webp"].map((ending) => fetched(`samples/${name}.${ending}`)));
  return { file, picture: await pixelsOf(picture) };
}

// The sample is shown before its file and the codecs are there.
async function openSample(name) {
  const original = await pixelsOf(await fetched(`samples/${name}`));
  view.open(name, original);
  return original;
}

async function start() {
  setCodecs("codecs");
  const lists = ["codecs", "samples"].map(async (name) => (await fetch(`${name}/index.json`)).json());
  const [ids, sample] = await Promise.all(lists);
  const [original, result, ...loaded] = await Promise.all([
    sample && openSample(sample.picture),
    sample && sampleResult(sample.picture),
    ...ids.map((id) => loadCodec(`codecs/${id}`)),
  ]);
  codecs.push(...loaded);
  const codec = codecs.find(({ id }) => id === sample?.codec);
  if (codec) compare(sample.picture, original, codec, result);
}

view.onChange(() => coded && update());
view.onClick("#download", () => view.save(saved.blob, "aec"));
view.onClick("#save", async () => view.save(await asPng(saved.picture), "png"));
view.onOpen(openFile);
view.busy(true);
const ready = start().finally(() => view.busy(false));
ready.catch(complain);
