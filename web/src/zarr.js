// The codec `aecodec` of Zarr arrays for zarrita.js: each chunk is an `.aec` file.

import { client } from "./client.js";
import { CodecError, FormatError, ImageError, UsageError } from "./errors.js";
import { decodeFile } from "./files.js";
import { ARRAYS, fromCore } from "./samples.js";
import { CONSTANTS } from "./structures.js";

const KEYS = ["codec", "codec_id", "level", "bands", "nodata", "max_error"];
const UNLIMITED = { maxPixels: Infinity, maxFrames: 1 << 24 }; // for files whose claims were checked
const AXES = ["HWB", "FHWB", "HW", "FHW", "BHW", "FBHW"]; // F frames, H rows, W columns, B bands or channels
const { MAX_BANDS } = CONSTANTS;
const MAX_CHANNELS = 4;
const TYPES = Object.keys(ARRAYS).slice(0, 7); // of trained codecs

/** A codec for `zarrita.registry`. */
export class AecodecCodec {
  kind = "array_to_bytes";
  #configuration;
  #meta;
  #chunk;

  constructor(configuration, meta) {
    checkConfiguration(configuration);
    this.#configuration = configuration;
    this.#meta = meta;
    this.#chunk = chunkOf(transposed(meta), meta.dataType, configuration.bands);
  }

  static fromConfig(configuration, meta) {
    return new AecodecCodec(configuration, meta);
  }

  /** The chunk in a file. */
  async decode(bytes) {
    await this.#checkHeader(bytes);
    const { pixels, channels, ...decoded } = await decodeFile(bytes, UNLIMITED);
    const facts = pixels ? { ...decoded, bands: channels, type: "uint8", layout: undefined } : fromCore(decoded);
    this.#check(facts);
    const { samples = pixels, width, height, bands } = facts;
    const { shape } = this.#meta;
    const stride = shape.map((_, axis) => product(shape.slice(axis + 1)));
    return { data: this.#isPlanar ? swapped(samples, width * height, bands) : samples, shape, stride };
  }

  /** Chunks are written in Python, which knows when their missing samples stay exact. */
  async encode() {
    throw new UsageError("JavaScript only reads chunks: write this array in Python");
  }

  get #isPlanar() {
    return this.#chunk.layout?.endsWith("BHW");
  }

  // Before the file takes memory. A width of 0 stands for the codec's tile.
  async #checkHeader(bytes) {
    const { id, frames, width, height, bound } = await client.ask("header", { file: bytes });
    const { codec, codec_id, level, max_error: maxError = level === undefined ? 0 : undefined } = this.#configuration;
    if (id !== codec_id) {
      throw new CodecError(`the chunk was made with codec ${id}, but the metadata of its array name ${codec} (${codec_id}): it belongs to another array`);
    }
    if (maxError !== undefined && !isWithin(bound, [maxError].flat().at(-1))) {
      throw new FormatError(`the chunk does not guarantee the maximum error ${JSON.stringify(maxError)} of its array: it was trimmed or replaced`);
    }
    this.#check(width ? { frames, width, height } : { frames });
  }

  #check(facts) {
    if (Object.keys(facts).some((name) => name in this.#chunk && facts[name] !== this.#chunk[name])) {
      const { shape, dataType } = this.#meta;
      throw new FormatError(`the chunk does not have the shape (${shape.join(", ")}) and the type ${dataType} of the chunks of its array: it belongs to another array`);
    }
  }
}

// Whether a bound allows no larger errors; percentages of the range of the original are not compared.
function isWithin(bound, error) {
  if (!bound || typeof error === "object") return Boolean(bound) && Object.values(error).some((part) => isWithin(bound, part));
  const isRoot = /sqrt *$/.test(error);
  const isLarger = (part) => part > parseFloat(error) || (part > 0 && isRoot !== bound.isRoot);
  return (/% *$/.test(error) && parseFloat(error) > 0) || !bound.errors.some(isLarger);
}

function checkConfiguration(configuration) {
  const { codec, codec_id, bands = 1 } = configuration ?? {};
  const isValid = typeof codec === "string" && /^[0-9a-f]{8}$/.test(codec_id) && Number.isInteger(bands) && bands >= 1 && bands <= MAX_BANDS;
  if (!isValid || Object.keys(configuration).some((key) => !KEYS.includes(key))) {
    throw new UsageError(
      `${JSON.stringify(configuration)}: a configuration has codec, which is a name, codec_id, which is eight hexadecimal digits, ` +
        `level or max_error, and optionally bands, a number up to ${MAX_BANDS}, and nodata`,
    );
  }
}

// The shape of a chunk after the codecs `transpose`, which zarrita does not state.
function transposed({ shape, codecs = [] }) {
  const orders = codecs.filter(({ name }) => name === "transpose").map(({ configuration }) => configuration.order);
  return orders.filter(Array.isArray).reduce((sides, order) => order.map((axis) => sides[axis]), shape);
}

// Sizes, type and layout of a chunk; pixels have no layout.
function chunkOf(shape, type, bands) {
  const axes = axesOf(shape, bands);
  if (!axes || (bands ? !TYPES.includes(type) : type !== "uint8")) {
    const allowed = bands
      ? `${TYPES.join(", ")} with ${bands} bands B: (H, W, B), (B, H, W), (N, H, W, B), (N, B, H, W), and with one band (H, W), (N, H, W)`
      : "uint8 with 1 to 4 channels C: (H, W), (H, W, C), (N, H, W), (N, H, W, C)";
    throw new ImageError(`chunks of the shape (${shape.join(", ")}) and the type ${type}: the codec takes ${allowed}`);
  }
  const side = (axis) => shape[axes.indexOf(axis)] ?? 1;
  return { frames: side("F"), height: side("H"), width: side("W"), bands: side("B"), type, layout: bands && axes };
}

function axesOf(shape, bands) {
  return AXES.find((axes) => {
    const count = axes.includes("B") ? shape[axes.indexOf("B")] : 1;
    const fits = bands ? count === bands : count <= MAX_CHANNELS && !axes.endsWith("BHW");
    return fits && axes.length === shape.length;
  });
}

// (N, rows, columns) numbers as (N, columns, rows).
function swapped(data, rows, columns) {
  const result = new data.constructor(data.length);
  for (let start = 0; start < data.length; start += rows * columns) {
    for (let at = 0; at < rows * columns; at += 1) {
      result[start + (at % columns) * rows + Math.floor(at / columns)] = data[start + at];
    }
  }
  return result;
}

function product(numbers) {
  return numbers.reduce((result, number) => result * number, 1);
}
