// A picture, its files, and those of the browser's own formats at the same bytes.

import { once } from "./aecodec/fetching.js";
import { decode, encode, readHeader } from "./aecodec/index.js";

const TYPES = { WebP: "image/webp", JPEG: "image/jpeg" };
export const FORMATS = Object.keys(TYPES);

/** A picture with one codec, which keeps its files. */
export class CodedPicture {
  #files = new Map();
  #rivals = new Map(); // promises

  /** sample: the file at the default level and its picture, if they are there without the codec. */
  constructor(original, codec, sample) {
    this.original = original;
    this.onWhite = onWhite(original); // which every file is compared with
    this.codec = codec;
    this.sample = sample;
  }

  /** The file of a choice, { level }, { maxBytes } or { maxError }, with its picture and its quality. */
  async file(choice, options) {
    const name = JSON.stringify(choice);
    if (!this.#files.has(name)) this.#files.set(name, await this.#coded(choice, options)); // which may be aborted
    return this.#files.get(name);
  }

  /** A browser's format at the lowest quality that takes no fewer bytes; undefined if it does not write it. */
  rival(format, bytes) {
    return once(this.#rivals, `${format} ${bytes}`, () => this.#rival(TYPES[format], bytes));
  }

  async #coded(choice, options) {
    const isSample = this.sample && choice.level === this.codec.defaultLevel;
    const { file, picture } = isSample ? this.sample : await this.#compressed(choice, options);
    const { mode } = await readHeader(file);
    return { blob: new Blob([file]), picture, psnr: this.#psnr(picture), channels: mode.length };
  }

  async #compressed(choice, { signal, onProgress }) {
    const { codec, original } = this;
    const file = await encode(original, { codec, ...choice, signal, onProgress: (part) => onProgress(part, "encoder") });
    return { file, picture: await decode(file, { codec, signal, onProgress }) };
  }

  async #rival(type, bytes) {
    const canvas = canvasOf(type === TYPES.JPEG ? this.onWhite : this.original);
    const blob = await smallestFrom(canvas, type, bytes);
    if (blob.type !== type) return undefined; // PNG, from a browser that lacks the format
    const picture = await pixelsOf(blob);
    return { blob, picture, psnr: this.#psnr(picture) };
  }

  #psnr(picture) {
    return psnr(this.onWhite, onWhite(picture));
  }
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

// Bisection over whole percents of quality.
async function smallestFrom(canvas, type, bytes, low = 0, high = 100) {
  const middle = (low + high) >> 1;
  const blob = await canvas.convertToBlob({ type, quality: middle / 100 });
  if (low === high) return blob;
  const [least, most] = blob.size < bytes ? [middle + 1, high] : [low, middle];
  return smallestFrom(canvas, type, bytes, least, most);
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

// In dB over the colours; Infinity for equal pictures.
function psnr({ data }, picture) {
  const squares = (sum, value, at) => (at % 4 < 3 ? sum + (value - picture.data[at]) ** 2 : sum);
  return 10 * Math.log10((255 ** 2 * 0.75 * data.length) / data.reduce(squares, 0));
}

export function asPng(imageData) {
  return canvasOf(imageData).convertToBlob({ type: "image/png" });
}
