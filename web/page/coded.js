// A picture, its files at all levels, and those of the browser's own formats at the same bytes.

import { decode, encode, readHeader } from "./aecodec/index.js";

export const FORMATS = [
  { title: "WebP", type: "image/webp" },
  { title: "JPEG", type: "image/jpeg" },
];

/** A picture with one codec, which keeps its files. */
export class CodedPicture {
  /** sample: a file that is there without an encoder, and the choice that led to it: { choice, file }. */
  constructor(original, codec, sample) {
    this.original = original;
    this.onWhite = onWhite(original); // which every file is compared with
    this.codec = codec;
    this.sample = sample && { name: JSON.stringify(sample.choice), file: sample.file };
    this.files = new Map();
    this.rivals = new Map();
  }

  /** The file of a choice, { level }, { maxBytes } or { maxError }, with its picture and its quality. */
  async at(choice, options) {
    const name = JSON.stringify(choice);
    if (!this.files.has(name)) {
      const file = name === this.sample?.name ? this.sample.file : await this.#encode(choice, options);
      this.files.set(name, await this.#measured(file, options));
    }
    return this.files.get(name);
  }

  #encode(choice, options) {
    return encode(this.original, { codec: this.codec, ...choice, ...named(options, "encoder") });
  }

  async #measured(file, options) {
    const { mode } = await readHeader(file);
    const picture = await decode(file, { codec: this.codec, ...named(options, "decoder") });
    const psnr = this.#psnr(picture);
    return { bytes: file.length, blob: new Blob([file]), picture, psnr, channels: mode.length };
  }

  /** A browser's format at the lowest quality that takes no fewer bytes; undefined if it does not write it. */
  rival(format, bytes) {
    const name = `${format.title} ${bytes}`;
    if (!this.rivals.has(name)) this.rivals.set(name, this.#rival(format, bytes));
    return this.rivals.get(name);
  }

  async #rival({ type }, bytes) {
    const blob = await smallestFrom(type === "image/jpeg" ? this.onWhite : this.original, type, bytes);
    if (!blob) return undefined;
    const picture = await pixelsOf(blob);
    return { bytes: blob.size, picture, psnr: this.#psnr(picture) };
  }

  #psnr(picture) {
    return psnr(this.onWhite, onWhite(picture));
  }
}

// Options with the network that is downloaded, as the page tells it.
function named({ signal, onProgress }, network) {
  return { signal, onProgress: (progress) => onProgress(progress, network) };
}

function canvasOf(imageData) {
  const canvas = new OffscreenCanvas(imageData.width, imageData.height);
  canvas.getContext("2d").putImageData(imageData, 0, 0);
  return canvas;
}

// Pictures with alpha are compared on white, because JPEG has no alpha.
function onWhite(imageData) {
  const canvas = canvasOf(imageData);
  const context = canvas.getContext("2d");
  context.globalCompositeOperation = "destination-over";
  context.fillStyle = "white";
  context.fillRect(0, 0, canvas.width, canvas.height);
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

// Bisection over whole percents of quality. A browser that lacks a format writes PNG instead.
async function smallestFrom(imageData, type, bytes) {
  const canvas = canvasOf(imageData);
  const written = (percent) => canvas.convertToBlob({ type, quality: percent / 100 });
  let [low, high] = [0, 100];
  let smallest = await written(high);
  if (smallest.type !== type) return undefined;
  while (low < high) {
    const middle = (low + high) >> 1;
    const blob = await written(middle);
    if (blob.size >= bytes) {
      smallest = blob;
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return smallest;
}

/** The pixels of an image file, upright and in sRGB. The longest side is at most `most`. */
export async function pixelsOf(blob, most = Infinity) {
  const bitmap = await createImageBitmap(blob);
  const scale = Math.min(1, most / Math.max(bitmap.width, bitmap.height));
  const [width, height] = [bitmap.width, bitmap.height].map((side) => Math.max(1, Math.round(side * scale)));
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, width, height);
  const source = { width: bitmap.width, height: bitmap.height, bits: await bitsOf(blob) };
  bitmap.close();
  return Object.assign(context.getImageData(0, 0, width, height), { source });
}

// Of a sample of a PNG file. Browsers keep 8.
async function bitsOf(blob) {
  const head = new DataView(await blob.slice(0, 25).arrayBuffer());
  return head.byteLength === 25 && head.getUint32(0) === 0x89504e47 ? head.getUint8(24) : 8;
}

/** PSNR in dB over the colours; Infinity for equal pictures. */
export function psnr(original, picture) {
  let sum = 0;
  for (let at = 0; at < original.data.length; at += 4) {
    for (let colour = at; colour < at + 3; colour += 1) sum += (original.data[colour] - picture.data[colour]) ** 2;
  }
  const mean = sum / ((3 * original.data.length) / 4);
  return mean ? 10 * Math.log10(255 ** 2 / mean) : Infinity;
}

export function asPng(imageData) {
  return canvasOf(imageData).convertToBlob({ type: "image/png" });
}
