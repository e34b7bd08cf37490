// Decodes previews in integers; docs/PREVIEW.md specifies every step.

import { FormatError } from "./errors.js";
import { fetchFile } from "./fetching.js";

const SIDE = 32, LATENTS = 400, UNITS = 64, LARGE = 96, COEFFICIENTS = 516, FREQUENCIES = 20, MOST = 120;
const CHANNELS = 20, CELL = 12, HALF = SIDE / 2;
const PAINTED = 128; // pixels of the longer side
const HALF_CHANCE = 32768, RARE = 4096, SQUARE = 31;
const COLOURS = [[2365, 2365, 2365], [2896, 0, -2896], [-1672, 3344, -1672]];

/** Type and size of each table, in the order of their file. */
const LAYOUT = {
  steps: [Int16Array, 8], centroids: [Int16Array, 32], features: [Int16Array, MOST + 1],
  probabilities: [Uint16Array, 512], start: [Int16Array, 8 * UNITS], biases: [Int16Array, 8 * LATENTS * 4],
  means: [Int16Array, COEFFICIENTS], cosines: [Int16Array, FREQUENCIES * SIDE],
  firstBias: [Int16Array, 8 * CHANNELS], secondBias: [Int16Array, CHANNELS], thirdBias: [Int16Array, CHANNELS],
  lastBias: [Int16Array, CELL], signed: [Int8Array, LATENTS * UNITS], unsigned: [Int8Array, LATENTS * UNITS],
  small: [Int8Array, LATENTS * 2 * UNITS], large: [Int8Array, LARGE * 2 * UNITS],
  first: [Int8Array, CHANNELS * 9 * CELL], second: [Int8Array, CHANNELS * 9 * CHANNELS],
  third: [Int8Array, CHANNELS * 9 * CHANNELS], last: [Int8Array, CELL * 9 * CHANNELS],
  positions: [Uint8Array, COEFFICIENTS * 3], transform: [Int8Array, LATENTS * COEFFICIENTS],
};

const clip = (value, least, most) => (value < least ? least : value > most ? most : value);

/** The tables in an ArrayBuffer with the content of tables.bin. */
export function readTables(buffer) {
  const whole = Object.values(LAYOUT).reduce((sum, [Type, size]) => sum + Type.BYTES_PER_ELEMENT * size, 0);
  if (buffer.byteLength !== whole) throw new FormatError(`the tables have ${buffer.byteLength} bytes instead of ${whole}`);
  const tables = {};
  let start = 0;
  for (const [name, [Type, size]] of Object.entries(LAYOUT)) {
    tables[name] = new Type(buffer, start, size);
    start += tables[name].byteLength;
  }
  return tables;
}

let loading;

/** The tables next to this module, fetched once per page. */
export function loadTables() {
  loading ??= fetchTables().catch((error) => {
    loading = undefined; // the next call tries again
    throw error;
  });
  return loading;
}

const fetchTables = async () => readTables((await fetchFile(new URL("./tables.bin.gz", import.meta.url).href)).buffer);

/** Paint a decoded preview on a canvas, enlarged to 128 pixels on its longer side; CSS can scale it further. */
export function paintPreview({ width, height, data, ratio }, canvas) {
  const small = new OffscreenCanvas(width, height);
  small.getContext("2d").putImageData(new ImageData(data, width, height), 0, 0);
  canvas.width = Math.round(PAINTED * Math.min(1, ratio ?? 1));
  canvas.height = Math.round(PAINTED * Math.min(1, 1 / (ratio ?? 1)));
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(small, 0, 0, canvas.width, canvas.height);
  return canvas;
}

/** The ratio of width to height of a preview, or null if it has no shape. It needs no tables. */
export function readRatio(preview) {
  return ratioOf(bitReader(payloadOf(preview)));
}

/** Decode a payload (Uint8Array, or its base64url) to 32x32 RGBA pixels, and the ratio of width to height or null. */
export function decodePreview(preview, tables) {
  const read = bitReader(payloadOf(preview));
  const ratio = ratioOf(read);
  const hasAlpha = read(RARE);
  const plane = () => {
    const level = number(read, 3);
    const codes = readCodes(read, level, tables);
    return filtered(pixelsOf(codes, level, tables), level, tables);
  };
  const data = plane();
  if (hasAlpha) plane().forEach((value, at) => at % 4 === 1 && (data[at + 2] = value));
  return { width: SIDE, height: SIDE, data, ratio };
}

function payloadOf(preview) {
  const payload = typeof preview === "string" ? bytesOf(preview) : preview;
  if (!payload.length) throw new FormatError("the preview is empty");
  return payload;
}

function bytesOf(text) {
  try {
    const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    const again = btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
    if (again === text) return Uint8Array.from(binary, (byte) => byte.charCodeAt(0));
  } catch {
    // an unknown character or a wrong length
  }
  throw new FormatError("damaged: the preview is not a text in base64url; it may have been cut or changed");
}

function ratioOf(read) {
  if (!read(RARE)) return null;
  const shape = number(read, 6);
  if (shape > 2 * SQUARE) throw new FormatError(`not a preview: the number of its shape is ${shape}, at most 62 is valid`);
  return 5 ** ((shape - SQUARE) / SQUARE);
}

function number(read, bits) {
  let value = 0;
  for (let bit = 0; bit < bits; bit++) value = value * 2 + read(HALF_CHANCE);
  return value;
}

/** A function that reads a decision; the payload continues with zeros without end. */
function bitReader(payload) {
  let next = 0, range = 0xffffffff, value = 0;
  const shift = () => (value = value * 256 + (payload[next++] ?? 0));
  for (let byte = 0; byte < 4; byte++) shift();
  return (probability) => {
    const bound = (range >>> 16) * probability;
    const decision = value < bound ? 1 : 0;
    if (decision) range = bound;
    else {
      value -= bound;
      range -= bound;
    }
    for (; range < 0x1000000; range *= 256) shift();
    return decision;
  };
}

function readCodes(read, level, tables) {
  const codes = new Int32Array(LATENTS);
  const sums = Int32Array.from(tables.start.subarray(level * UNITS, (level + 1) * UNITS));
  const units = sums.map(unit);
  for (let latent = 0; latent < LATENTS; latent++) {
    const chance = (kind) => probability(units, level, latent, kind, tables);
    if (!read(chance(0))) continue;
    const sign = read(chance(1)) ? 1 : -1;
    let magnitude = 1;
    while (magnitude < MOST && read(chance(Math.min(magnitude + 1, 3)))) magnitude++;
    codes[latent] = sign * magnitude;
    const feature = tables.features[magnitude];
    for (let index = 0, at = latent * UNITS; index < UNITS; index++, at++) {
      sums[index] += feature * (sign * tables.signed[at] + tables.unsigned[at]);
      units[index] = unit(sums[index]);
    }
  }
  return codes;
}

const unit = (sum) => clip(sum >> 3, 0, 2047);

/** The probability, in 1/65536, of a kind of decision: not 0, positive, above 1, above 2 and more. */
function probability(units, level, latent, kind, tables) {
  const isSmall = kind < 2;
  let output = 0;
  if (isSmall || latent < LARGE) {
    const weights = isSmall ? tables.small : tables.large;
    const start = (2 * latent + (kind & 1)) * UNITS;
    for (let index = 0; index < UNITS; index++) output += units[index] * weights[start + index];
  }
  const logit = clip(tables.biases[(level * LATENTS + latent) * 4 + kind] + (output >> 5), -511, 511);
  return logit < 0 ? 65536 - tables.probabilities[-logit] : tables.probabilities[logit];
}

/** Pixels (32, 32, 3) before the filter. Sums exceed 32 bits; doubles hold them exactly. */
function pixelsOf(codes, level, tables) {
  const { transform, means, positions, steps, centroids } = tables;
  const sums = new Float64Array(COEFFICIENTS);
  codes.forEach((code, latent) => {
    if (!code) return;
    const magnitude = Math.abs(code);
    const value = Math.sign(code) * (64 * magnitude + centroids[4 * level + Math.min(magnitude, 3)]) * steps[level];
    for (let index = 0, at = latent * COEFFICIENTS; index < COEFFICIENTS; index++, at++) sums[index] += value * transform[at];
  });
  const grid = new Float64Array(3 * FREQUENCIES * FREQUENCIES);
  sums.forEach((sum, index) => {
    const at = 3 * index, row = positions[at] * FREQUENCIES + positions[at + 1];
    grid[row * FREQUENCIES + positions[at + 2]] = clip(means[index] + Math.floor(sum / 512), -131072, 131072);
  });
  return coloured(planesOf(grid, tables.cosines));
}

/** Inverse cosine transform of three planes, first along rows, then along columns. */
function planesOf(grid, cosines) {
  const rows = new Float64Array(3 * FREQUENCIES * SIDE), planes = new Float64Array(3 * SIDE * SIDE);
  for (let at = 0; at < rows.length; at++) {
    rows[at] = inverse(grid, (at >> 5) * FREQUENCIES, 1, cosines, at & 31);
  }
  for (let at = 0; at < planes.length; at++) {
    planes[at] = inverse(rows, (at >> 10) * FREQUENCIES * SIDE + (at & 31), SIDE, cosines, (at >> 5) & 31);
  }
  return planes;
}

function inverse(source, start, step, cosines, x) {
  let sum = 2048;
  for (let u = 0; u < FREQUENCIES; u++) sum += cosines[u * SIDE + x] * source[start + u * step];
  return Math.floor(sum / 4096);
}

function coloured(planes) {
  const pixels = new Int32Array(SIDE * SIDE * 3);
  for (let at = 0; at < pixels.length; at++) {
    const pixel = Math.floor(at / 3), colour = at % 3;
    let sum = 524288;
    for (let plane = 0; plane < 3; plane++) sum += COLOURS[plane][colour] * planes[plane * SIDE * SIDE + pixel];
    pixels[at] = clip(Math.floor(sum / 1048576) + 128, 0, 255);
  }
  return pixels;
}

/** Add the details that a small convolutional network predicts, and opaque alpha. */
function filtered(pixels, level, tables) {
  const bias = tables.firstBias.subarray(level * CHANNELS, (level + 1) * CHANNELS);
  const rectified = (shift) => (sum) => clip(sum >> shift, 0, 255);
  let grid = convolved(cellsOf(pixels), tables.first, bias, rectified(7));
  grid = convolved(grid, tables.second, tables.secondBias, rectified(6));
  grid = convolved(grid, tables.third, tables.thirdBias, rectified(6));
  grid = convolved(grid, tables.last, tables.lastBias, (sum) => (sum + 32) >> 6);
  const data = new Uint8ClampedArray(SIDE * SIDE * 4).fill(255);
  grid.forEach((value, at) => {
    const from = pixelOf(at);
    data[from + Math.floor(from / 3)] = pixels[from] + value;
  });
  return data;
}

/** A grid (16, 16, 12) of cells of 2x2 pixels. */
function cellsOf(pixels) {
  return new Int32Array(pixels.length).map((_, at) => pixels[pixelOf(at)] - 128);
}

/** The index in the pixels (32, 32, 3) of an index in the cells. */
function pixelOf(at) {
  const cell = Math.floor(at / CELL), channel = at % CELL;
  const y = 2 * (cell >> 4) + (channel >= 6), x = 2 * (cell & 15) + (channel % 6 >= 3);
  return 3 * (SIDE * y + x) + (channel % 3);
}

/** Convolve a grid (16, 16, C), padded with zeros, with weights (D, 3, 3, C), and finish each sum. */
function convolved(grid, weights, bias, finish) {
  const channels = grid.length / (HALF * HALF), outputs = bias.length, row = 3 * channels, width = HALF + 2;
  const padded = new Int32Array(width * width * channels), result = new Int32Array(HALF * HALF * outputs);
  for (let y = 0; y < HALF; y++) {
    padded.set(grid.subarray(y * HALF * channels, (y + 1) * HALF * channels), ((y + 1) * width + 1) * channels);
  }
  const factors = Int32Array.from(weights);
  for (let at = 0; at < result.length; at++) {
    const output = at % outputs, cell = (at - output) / outputs;
    const corner = ((cell >> 4) * width + (cell & 15)) * channels;
    let sum = bias[output];
    for (let dy = 0, weight = output * 3 * row, from = corner; dy < 3; dy++, from += width * channels) {
      for (let index = 0; index < row; index++) sum = (sum + Math.imul(factors[weight++], padded[from + index])) | 0;
    }
    result[at] = finish(sum);
  }
  return result;
}
