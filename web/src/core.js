// The C library, compiled to WebAssembly: memory, calls, and the structures that cross.

import { AecodecError, CodecError, FormatError, ImageError, LimitError, UsageError } from "./errors.js";
import { CONSTANTS, STRUCTURES } from "./structures.js";

const { OK } = CONSTANTS;
const MODES = ["L", "RGB", "LA", "RGBA"];
const KINDS = {
  [CONSTANTS.USAGE_ERROR]: UsageError,
  [CONSTANTS.IMAGE_ERROR]: ImageError,
  [CONSTANTS.FORMAT_ERROR]: FormatError,
  [CONSTANTS.CODEC_ERROR]: CodecError,
  [CONSTANTS.LIMIT_ERROR]: LimitError,
  [CONSTANTS.OTHER_ERROR]: AecodecError,
};
const decoder = new TextDecoder();

/** An instance of the core, with memory of its own. */
export class Core {
  constructor(module) {
    this.calls = new WebAssembly.Instance(module, {}).exports;
    this.calls._initialize();
  }

  /** Bytes of memory. The view is valid until the next call that allocates. */
  bytes(address, size) {
    return new Uint8Array(this.calls.memory.buffer, address, size);
  }

  /** Memory at a multiple of 64, until `free`. */
  allocate(size) {
    const address = this.calls.aecodec_web_allocate(size);
    if (!address) throw new AecodecError("not enough memory: use a smaller picture");
    return address;
  }

  free(address) {
    this.calls.aecodec_free(address);
  }

  /** Bytes copied into memory, until `free`. */
  put(content) {
    const address = this.allocate(content.length || 1);
    this.bytes(address, content.length).set(content);
    return address;
  }

  take(address, size) {
    return this.bytes(address, size).slice();
  }

  /** Run `use` with bytes in memory, which are freed afterwards. */
  withBytes(content, use) {
    const address = this.put(content);
    try {
      return use(address, content.length);
    } finally {
      this.free(address);
    }
  }

  /** Run `use` with a structure in memory, which is freed afterwards. Fields without a value are 0. */
  with(name, values, use) {
    const { size, fields } = STRUCTURES[name];
    return this.withBytes(new Uint8Array(size), (at) => {
      const view = new DataView(this.calls.memory.buffer, at, size);
      for (const [field, value] of Object.entries(values)) {
        const [offset, type] = fields[field];
        view[`set${type}`](offset, type.startsWith("Big") ? BigInt(value) : value, true);
      }
      return use(at);
    });
  }

  /** The values of a structure in memory. */
  read(name, address) {
    const view = new DataView(this.calls.memory.buffer, address);
    const value = ([at, type, count]) => {
      if (type === "Char") return this.text(address + at);
      if (type === "Uint8") return this.take(address + at, count);
      const number = (place) => Number(view[`get${type}`](place, true));
      return count ? Array.from({ length: count }, (_, n) => number(at + 8 * n)) : number(at); // arrays of 64 bits
    };
    return Object.fromEntries(Object.entries(STRUCTURES[name].fields).map(([field, place]) => [field, value(place)]));
  }

  /** Call a function that returns a status, and throw if that is not 0. */
  check(name, ...values) {
    this.checkStatus(this.calls[name](...values));
  }

  checkStatus(status) {
    if (status === OK) return;
    const { aecodec_status_error: kind, aecodec_status_text: text } = this.calls;
    throw Object.assign(new KINDS[kind(status)](this.text(text(status))), { status });
  }

  /** Call a function with the address of a structure behind other values, and return the structure. */
  fill(structure, name, ...values) {
    return this.with(structure, {}, (at) => {
      this.check(name, ...values, at);
      return this.read(structure, at);
    });
  }

  /** Call a function whose last result is an address. */
  open(name, ...values) {
    return this.fill("part", name, ...values).at;
  }

  /** Call a function whose last results are the address and the size of a file. */
  file(name, ...values) {
    return this.with("part", {}, (at) => {
      this.check(name, ...values, at, at + 4);
      return this.takeFile(this.read("part", at));
    });
  }

  /** A file that the core made, which is freed there. */
  takeFile({ at, size }) {
    const content = this.take(at, size);
    this.free(at);
    return content;
  }

  /** A text that ends with a zero byte. */
  text(address) {
    const rest = new Uint8Array(this.calls.memory.buffer, address);
    return decoder.decode(rest.slice(0, rest.indexOf(0)));
  }

  sha256(content) {
    return this.withBytes(content, (bytes, size) =>
      this.withBytes(new Uint8Array(32), (digest) => {
        this.calls.aecodec_sha256(bytes, size, digest);
        return hexadecimal(this.bytes(digest, 32));
      }),
    );
  }

  /** The header of an `.aec` file, whose checksums are checked. */
  header(file) {
    return this.withBytes(file, (bytes, size) => {
      const info = this.fill("file_info", "aecodec_file_info_of", bytes, size);
      return {
        id: hexadecimal(info.id),
        width: info.width,
        height: info.height,
        mode: MODES[info.mode],
        level: info.level ? info.level / 16 : undefined,
        reduction: info.reduction / 2,
        frames: info.frames,
        hasSamples: Boolean(info.has_samples),
        hasBase: Boolean(info.has_base),
        isRefined: info.refinements > 0,
        bound: info.refinements ? this.#lastBound(bytes, size) : undefined,
      };
    });
  }

  // The errors of the last refinement: one for all bands, or one for each.
  #lastBound(bytes, size) {
    const { size: stride } = STRUCTURES.refinement;
    const room = CONSTANTS.MAX_REFINEMENTS * stride;
    return this.withBytes(new Uint8Array(room + 4), (at) => {
      this.check("aecodec_file_refinements", bytes, size, at, at + room);
      const [count] = new Uint32Array(this.calls.memory.buffer, at + room, 1);
      const { is_root: isRoot, bands, errors } = this.read("refinement", at + (count - 1) * stride);
      return { isRoot: Boolean(isRoot), errors: errors.slice(0, bands) };
    });
  }

  /** A file as its bare payload, or back, by the name of a function that needs only the id of the codec. */
  converted(name, id, content, hasChecksum) {
    const codec = this.withBytes(id.match(/../g).map((digits) => parseInt(digits, 16)), (at) => this.calls.aecodec_web_codec(at));
    try {
      return this.withBytes(content, (bytes, size) => this.file(name, codec, bytes, size, hasChecksum));
    } finally {
      this.free(codec);
    }
  }
}

export function hexadecimal(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
