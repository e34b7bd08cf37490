// Coding step by step: a picture is a number of windows, each one run of a network.

const NOT_REDUCED = 2; // halves
const INPUT_SIZE = 2; // places in a window
export const OUTPUT_SIZE = 3;

/** Names of the types of samples and of the axes of their source, by their numbers in files. */
const TYPES = ["uint8", "int8", "uint16", "int16", "int32", "float16", "float32"];
const LAYOUTS = ["HW", "HWB", "FHW", "FHWB", "BHW", "FBHW"];
const SIZES = [1, 1, 2, 2, 4, 2, 4]; // bytes of a sample
const MAX_BANDS = 32;

class Steps {
  constructor(core, name, address) {
    this.core = core;
    this.name = name;
    this.address = address;
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
    return this.#inWindow(number, (window, input) => {
      this.call("input", number, input);
      const task = core.numbers(window, 4).slice();
      return { window: task, input: core.take(input, task[INPUT_SIZE]) };
    });
  }

  /** What the network gave for a window. */
  output(number, content) {
    this.core.withBytes(content, (at) => this.call("output", number, at));
  }

  /** Run the network on all windows here. */
  runHere(network) {
    const { core } = this;
    for (let number = 0; number < this.windows; number += 1) {
      this.#inWindow(number, (window, input) => {
        const output = core.allocate(core.numbers(window, 4)[OUTPUT_SIZE]);
        this.call("input", number, input);
        try {
          core.check("aecodec_web_run", network, window, input, output);
          this.call("output", number, output);
        } finally {
          core.free(output);
        }
      });
    }
  }

  #inWindow(number, use) {
    const { core } = this;
    return core.with("window", (window) => {
      this.call("window", number, window);
      const input = core.allocate(core.numbers(window, 4)[INPUT_SIZE]);
      try {
        return use(window, input);
      } finally {
        core.free(input);
      }
    });
  }

  free() {
    this.call("free");
  }
}

/** The steps from a file to pictures. */
export class Decoding extends Steps {
  /** Throws unless the file is whole, within the limits, and of the codec. */
  static begin(codec, file, { maxPixels = 0, maxFrames = 0, parts }) {
    const { core } = codec;
    const content = core.put(file); // which has to stay
    let decoding;
    try {
      const address = core.with("limits", (limits) =>
        core.with("pair", (result) => {
          core.numbers(limits, 3).set([maxPixels, 0, maxFrames]);
          core.check("aecodec_decoding_begin", codec.bundle, content, file.length, limits, parts, result);
          return core.numbers(result, 1)[0];
        }),
      );
      decoding = Object.assign(new Decoding(core, "decoding", address), { content });
      core.check("aecodec_decoding_codes", address, 0, 0);
      return decoding;
    } catch (error) {
      if (decoding) decoding.free();
      else core.free(content);
      throw error;
    }
  }

  free() {
    super.free();
    this.core.free(this.content);
  }

  /** The samples of a file with bands, once all windows have their output. */
  finishSamples() {
    const { core } = this;
    return core.with("samples", (at) => {
      core.check("aecodec_decoding_finish_samples", this.address, 0, at);
      const [width, height, bands, frames, type, layout, isBigEndian, hasNodata] = core.numbers(at, 8);
      const [, maskPlanes, missing, samples] = core.numbers(at + 40, 4);
      const nodata = hasNodata ? core.double(at + 32)[0] : undefined;
      const pixels = frames * height * width;
      const result = { width, height, bands, frames, type: TYPES[type], layout: LAYOUTS[layout], isBigEndian: Boolean(isBigEndian), nodata };
      result.samples = core.take(samples, pixels * bands * SIZES[type]);
      if (missing) Object.assign(result, { maskPlanes, missing: core.take(missing, pixels * maskPlanes) });
      core.calls.aecodec_samples_free(at);
      return result;
    });
  }

  /** The pictures, once all windows have their output. */
  finish() {
    const { core } = this;
    return core.with("image", (at) => {
      core.check("aecodec_decoding_finish", this.address, 0, at);
      const [width, height, channels, frames, pixels] = core.numbers(at, 5);
      const content = core.take(pixels, frames * height * width * channels);
      core.calls.aecodec_image_free(at);
      return { width, height, channels, frames, pixels: content };
    });
  }
}

/** The steps from a picture to its files at any level. */
export class Encoding extends Steps {
  static begin(codec, image, { parts, reduction = NOT_REDUCED }) {
    const { core } = codec;
    const pixels = core.put(image.pixels); // which have to stay
    try {
      return withImage(core, image, pixels, (at) =>
        core.with("pair", (result) => {
          core.check("aecodec_encoding_begin", codec.bundle, at, reduction, parts, result);
          return Object.assign(new Encoding(core, "encoding", core.numbers(result, 1)[0]), { pixels });
        }),
      );
    } catch (error) {
      core.free(pixels);
      throw error;
    }
  }

  /** The same for samples of bands; `clipped` counts the samples of each band that lie outside its limits. */
  static beginSamples(codec, source, { parts }) {
    const { core } = codec;
    return withSamples(core, source, (at) =>
      core.withBytes(new Uint8Array(8 * MAX_BANDS), (clipped) =>
        core.with("pair", (result) => {
          core.check("aecodec_encoding_begin_samples", codec.bundle, at, parts, clipped, result);
          const counts = new BigUint64Array(core.calls.memory.buffer, clipped, source.bands);
          return Object.assign(new Encoding(core, "encoding", core.numbers(result, 1)[0]), { clipped: Array.from(counts, Number) });
        }),
      ),
    );
  }

  free() {
    super.free();
    if (this.pixels) this.core.free(this.pixels);
  }

  /** The file at a level in sixteenths. */
  file(units) {
    return this.core.file("aecodec_encoding_file", this.address, units, 0);
  }
}

/** The file of a picture or of samples in which no sample differs by more than the last of some errors, which descend.
 *
 * It also has the picture of a level in sixteenths; 0 lets the core choose a level, or none. */
export function withinErrors(codec, source, errors, units) {
  const { core } = codec;
  const [withSource, call] = source.samples
    ? [withSamples, "aecodec_compress_samples"]
    : [withPixels, "aecodec_compress"];
  return core.withBytes(new Uint8Array(Float64Array.from(errors, (error) => error ?? NaN).buffer), (numbers) =>
    core.with("bounds", (bounds) => {
      core.numbers(bounds, 4).set([errors.length, 1, 0, numbers]);
      return core.with("target", (target) => {
        core.numbers(target, 3).set([units, 0, bounds]);
        return withSource(core, source, (at) => compressed(core, call, codec.bundle, at, target));
      });
    }),
  );
}

// The file of a target.
function compressed(core, call, bundle, source, target) {
  return core.with("compressed", (at) => {
    core.check(call, bundle, source, target, 0, at);
    const [file, size] = core.numbers(at, 2);
    const content = core.take(file, size);
    core.free(file);
    return content;
  });
}

/** How like each other two pictures are, by MS-SSIM. */
export function likeness(core, first, second) {
  return withPixels(core, first, (a) =>
    withPixels(core, second, (b) =>
      core.with("pair", (result) => {
        core.check("aecodec_likeness", a, b, result);
        return core.double(result)[0];
      }),
    ),
  );
}

// The struct of a picture whose pixels are in memory.
function withImage(core, { width, height, channels, frames }, pixels, use) {
  return core.with("image", (at) => {
    core.numbers(at, 5).set([width, height, channels, frames, pixels]);
    return use(at);
  });
}

// A picture in memory.
function withPixels(core, image, use) {
  return core.withBytes(image.pixels, (pixels) => withImage(core, image, pixels, use));
}

// Samples in memory.
function withSamples(core, source, use) {
  const { width, height, bands, frames, type, layout, isBigEndian, nodata, missing, maskPlanes = 0 } = source;
  const numbers = [width, height, bands, frames, TYPES.indexOf(type), LAYOUTS.indexOf(layout), isBigEndian, nodata !== undefined];
  return core.withBytes(source.samples, (samples) =>
    core.withBytes(missing ?? [], (mask) =>
      core.with("samples", (at) => {
        core.numbers(at, 8).set(numbers);
        core.double(at + 32)[0] = nodata ?? 0;
        core.numbers(at + 40, 4).set([0, maskPlanes, missing ? mask : 0, samples]);
        return use(at);
      }),
    ),
  );
}
