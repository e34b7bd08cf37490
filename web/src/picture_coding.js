// Coding step by step: a picture is a number of windows, each one run of a network.

import { UsageError } from "./errors.js";
import { ARRAYS } from "./arrays.js";
import { CONSTANTS } from "./structures.js";

const NOT_REDUCED = 2; // halves
const LARGEST = 0xffffffff;

/** Names of the types of samples and of the axes of their source, by their numbers in files. */
const TYPES = Object.keys(ARRAYS);
const SIZES = [1, 1, 2, 2, 4, 2, 4, 4, 8, 8, 8]; // bytes of a sample of each type
const LAYOUTS = ["HW", "HWB", "FHW", "FHWB", "BHW", "FBHW"];

class Steps {
  constructor(core, name, address, content) {
    Object.assign(this, { core, name, address, content });
  }

  call(what, ...values) {
    return this.core.calls[`aecodec_${this.name}_${what}`](this.address, ...values);
  }

  get windows() {
    return this.call("windows");
  }

  /** A window and what its network takes, as a message to a runner. */
  input(number) {
    const { core } = this;
    return core.with("window", {}, (at) => {
      this.call("window", number, at);
      const window = core.read("window", at);
      const input = core.allocate(window.input_size);
      this.call("input", number, input);
      return { window, input: core.takeFile({ at: input, size: window.input_size }) };
    });
  }

  /** What the network gave for a window. */
  output(number, content) {
    this.core.withBytes(content, (at) => this.call("output", number, at));
  }

  runHere() {
    this.core.check(`aecodec_${this.name}_run`, this.address, 0);
  }

  free() {
    this.call("free");
    this.core.free(this.content);
  }
}

// Run `use` with bytes in memory that have to stay if it succeeds.
function keeping(core, content, use) {
  const address = core.put(content);
  try {
    return use(address);
  } catch (error) {
    core.free(address);
    throw error;
  }
}

/** The steps from a file to pictures. */
export class Decoding extends Steps {
  /** Throws unless the file is whole, within the limits, and of the codec. */
  static begin(codec, file, { maxPixels = 0, maxFrames = 0, baseOnly = false, parts }) {
    const { core, bundle } = codec;
    const limits = { max_pixels: Math.floor(maxPixels), max_frames: maxFrames, base_only: baseOnly };
    return keeping(core, file, (content) =>
      core.with("limits", limits, (at) => new Decoding(core, "decoding", core.open("aecodec_decoding_begin", bundle, content, file.length, at, parts), content)),
    );
  }

  decodeCodes() {
    this.core.check("aecodec_decoding_codes", this.address, 0, 0);
  }

  /** The samples of a file with bands, once all windows have their output. */
  finishSamples() {
    const { core } = this;
    return core.with("samples", {}, (at) => {
      core.check("aecodec_decoding_finish_samples", this.address, 0, at);
      const { width, height, bands, frames, ...read } = core.read("samples", at);
      const pixels = frames * height * width;
      const type = TYPES[read.type];
      const nodata = read.has_nodata ? read.nodata : undefined;
      const result = { width, height, bands, frames, type, layout: LAYOUTS[read.layout], isBigEndian: Boolean(read.is_big_endian), nodata };
      result.samples = core.take(read.samples, pixels * bands * SIZES[read.type]);
      if (read.missing) Object.assign(result, { maskPlanes: read.mask_planes, missing: core.take(read.missing, pixels * read.mask_planes) });
      core.calls.aecodec_samples_free(at);
      return result;
    });
  }

  /** The pictures, once all windows have their output. */
  finish() {
    const { core } = this;
    const { width, height, channels, frames, pixels } = core.fill("image", "aecodec_decoding_finish", this.address, 0);
    return { width, height, channels, frames, pixels: core.takeFile({ at: pixels, size: frames * height * width * channels }) };
  }
}

/** The steps from a picture to files at any level. */
export class Encoding extends Steps {
  static begin(codec, image, { parts }) {
    const { core, bundle } = codec;
    return keeping(core, image.pixels, (pixels) =>
      core.with("image", fieldsOf(image, pixels), (at) => new Encoding(core, "encoding", core.open("aecodec_encoding_begin", bundle, at, NOT_REDUCED, parts), pixels)),
    );
  }

  file(levelIndex) {
    return this.core.file("aecodec_encoding_file", this.address, levelIndex, 0);
  }
}

/** The best file of a picture for a target: a number of bytes, or errors that descend.
 *
 * With errors, the file also has the picture of a level in sixteenths; 0 lets the core choose a level, or none. */
export function compress(codec, image, { levelIndex, maxBytes, errors }) {
  const { core, bundle } = codec;
  const fields = { level: levelIndex, max_bytes: maxBytes === undefined ? 0 : bytesOf(maxBytes) };
  return withPixels(core, image, (at) =>
    withBounds(core, errors, (bounds) =>
      core.with("target", { ...fields, bounds }, (target) =>
        core.with("compressed", {}, (compressed) => {
          const status = core.calls.aecodec_compress(bundle, at, target, 0, compressed);
          const { file, size } = core.read("compressed", compressed);
          if (status === CONSTANTS.TOO_FEW_BYTES) throw new UsageError(`${maxBytes} bytes are too few: this picture needs at least ${size}; allow more, or reduce the picture`);
          core.checkStatus(status);
          return core.takeFile({ at: file, size });
        }),
      ),
    ),
  );
}

// A number of bytes as the core takes it, for which 0 is no limit.
function bytesOf(maxBytes) {
  return maxBytes >= 1 ? Math.min(maxBytes, LARGEST) : 1;
}

function withBounds(core, errors, use) {
  if (!errors) return use(0);
  const numbers = new Uint8Array(Float64Array.from(errors, (error) => error ?? NaN).buffer);
  return core.withBytes(numbers, (at) => core.with("bounds", { count: errors.length, bands: 1, errors: at }, use));
}

function fieldsOf({ width, height, channels, frames }, pixels) {
  return { width, height, channels, frames, pixels };
}

function withPixels(core, image, use) {
  return core.withBytes(image.pixels, (pixels) => core.with("image", fieldsOf(image, pixels), use));
}
