// Coding step by step: a picture is a number of windows, each one run of a network.

const NOT_REDUCED = 2; // halves
const INPUT_SIZE = 2; // places in a window
export const OUTPUT_SIZE = 3;

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
    return core.withBytes(file, (bytes, size) =>
      core.with("limits", (limits) =>
        core.with("pair", (result) => {
          core.numbers(limits, 2).set([maxPixels, maxFrames]);
          core.check("aecodec_decoding_begin", codec.bundle, bytes, size, limits, parts, result);
          return new Decoding(core, "decoding", core.numbers(result, 1)[0]);
        }),
      ),
    );
  }

  /** The pictures, once all windows have their output. */
  finish() {
    const { core } = this;
    return core.with("image", (at) => {
      core.check("aecodec_decoding_finish", this.address, at);
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

  free() {
    super.free();
    this.core.free(this.pixels);
  }

  /** The file at a level in sixteenths. */
  file(units) {
    const { core } = this;
    return core.with("pair", (result) => {
      core.check("aecodec_encoding_file", this.address, units, result, result + 4);
      const [file, size] = core.numbers(result, 2);
      const content = core.take(file, size);
      core.free(file);
      return content;
    });
  }
}

/** How like each other two pictures are, by MS-SSIM. */
export function likeness(core, first, second) {
  return core.withBytes(first.pixels, (firstPixels) =>
    core.withBytes(second.pixels, (secondPixels) =>
      withImage(core, first, firstPixels, (a) =>
        withImage(core, second, secondPixels, (b) =>
          core.with("pair", (result) => {
            core.check("aecodec_likeness", a, b, result);
            return new Float64Array(core.calls.memory.buffer, result, 1)[0];
          }),
        ),
      ),
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
