// Coding step by step: a picture is a number of windows, each one run of a network.

import { UsageError } from "./errors.js";
import { ARRAYS } from "./arrays.js";
import { CONSTANTS } from "./structures.js";

const NOT_REDUCED = 2; // halves

/** Names of the types of samples and of the axes of their source, by their numbers in files. */
const TYPES = Object.keys(ARRAYS);
const SIZES = [1, 1, 2, 2, 4, 2, 4, 4, 8, 8, 8]; // bytes of a sample of each type
const LAYOUTS = ["HW", "HWB", "FHW", "FHWB", "BHW", "FBHW"];

class Steps {
  constructor(core, name, address) {
    Object.assign(this, { core, name, address });
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

  /** The pictures, once all windows have their output. */
  picture() {
    const { core } = this;
    const picture = core.fill("image", "aecodec_decoding_finish", this.address, 0);
    const { width, height, channels, frames, pixels } = picture;
    const size = frames * height * width * channels;
    return { width, height, channels, frames, pixels: core.takeFile({ at: pixels, size }) };
  }

  /** The samples of a file with bands, once all windows have their output. */
  samples() {
    const { core } = this;
    return core.with("samples", {}, (at) => {
      core.check("aecodec_decoding_finish_samples", this.address, 0, at);
      const result = samplesAt(core, core.read("samples", at));
      core.calls.aecodec_samples_free(at);
      return result;
    });
  }

  /** The file of a picture at a level, once all windows have their output. */
  file(levelIndex) {
    return this.core.file("aecodec_encoding_file", this.address, levelIndex, 0);
  }
}

function samplesAt(core, { width, height, bands, frames, ...read }) {
  const pixels = frames * height * width;
  return {
    ...{ width, height, bands, frames },
    type: TYPES[read.type],
    layout: LAYOUTS[read.layout],
    isBigEndian: Boolean(read.is_big_endian),
    nodata: read.has_nodata ? read.nodata : undefined,
    samples: core.take(read.samples, pixels * bands * SIZES[read.type]),
    maskPlanes: read.missing ? read.mask_planes : undefined,
    missing: read.missing ? core.take(read.missing, pixels * read.mask_planes) : undefined,
  };
}

// Use the steps that begin with some bytes, which have to stay in memory until the end.
async function withSteps(core, name, content, begin, use) {
  const kept = core.put(content);
  let steps;
  try {
    steps = new Steps(core, name, begin(kept));
    return await use(steps);
  } finally {
    steps?.call("free");
    core.free(kept);
  }
}

/** Use the steps from a file to pictures. Throws unless it is whole, within limits, and of the codec. */
export function decoding({ core, bundle }, file, limited, parts, use) {
  const { maxPixels = 0, maxFrames = 0, baseOnly = false } = limited;
  const limits = { max_pixels: Math.floor(maxPixels), max_frames: maxFrames, base_only: baseOnly };
  const begin = (content) => core.with("limits", limits, (at) =>
    core.open("aecodec_decoding_begin", bundle, content, file.length, at, parts));
  return withSteps(core, "decoding", file, begin, (steps) => {
    core.check("aecodec_decoding_codes", steps.address, 0, 0);
    return use(steps);
  });
}

/** Use the steps from a picture to files at any level. */
export function encoding({ core, bundle }, image, parts, use) {
  const begin = (pixels) => core.with("image", { ...image, pixels }, (at) =>
    core.open("aecodec_encoding_begin", bundle, at, NOT_REDUCED, parts));
  return withSteps(core, "encoding", image.pixels, begin, use);
}

/** The best file of a picture for a target: a number of bytes, or errors that descend.
 *
 * With errors, the file also has the picture of a level in sixteenths; 0 lets the core choose a level, or none. */
export function compress({ core, bundle }, image, { levelIndex: level, maxBytes, errors = [] }) {
  const numbers = new Uint8Array(Float64Array.from(errors).buffer);
  const target = { level, max_bytes: maxBytes ?? 0 };
  return core.withBytes(image.pixels, (pixels) =>
    core.withBytes(numbers, (at) =>
      core.with("bounds", { count: errors.length, bands: 1, errors: at }, (bounds) =>
        core.with("image", { ...image, pixels }, (picture) =>
          core.with("target", { ...target, bounds: errors.length && bounds }, (place) =>
            compressed(core, maxBytes, bundle, picture, place, 0))))));
}

function compressed(core, maxBytes, ...values) {
  return core.with("compressed", {}, (at) => {
    const status = core.calls.aecodec_compress(...values, at);
    const { file, size } = core.read("compressed", at);
    if (status === CONSTANTS.TOO_FEW_BYTES) throw new UsageError(`${maxBytes} bytes are too few: this picture needs at least ${size}; raise maxBytes, or use a smaller picture`);
    core.checkStatus(status);
    return core.takeFile({ at: file, size });
  });
}
