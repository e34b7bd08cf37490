// The C library, compiled to WebAssembly: memory, calls, and the structs that cross.

import { hasBase, isRefined, plainFile } from "./arrival.js";
import { AecodecError, errorOfStatus } from "./errors.js";
import { request } from "./fetching.js";

const SIZES = { facts: 480, section: 52, band: 424, header: 52, image: 28, samples: 64, window: 16, limits: 24, bounds: 16, target: 12, compressed: 288, pair: 8 };
const decoder = new TextDecoder();

/** Compile the core; the module may be posted to other workers. */
export async function compileCore() {
  const response = await request(new URL("./aecodec.wasm", import.meta.url));
  return WebAssembly.compile(await response.arrayBuffer());
}

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

  /** Numbers of a struct, four bytes each. Valid as long as `bytes`. */
  numbers(address, count) {
    return new Uint32Array(this.calls.memory.buffer, address, count);
  }

  /** A double of a struct. */
  double(address) {
    return new Float64Array(this.calls.memory.buffer, address, 1);
  }

  /** Memory at a multiple of 64, until `free`. */
  allocate(size) {
    const address = this.calls.aecodec_web_allocate(size);
    if (!address) throw new AecodecError("too little memory");
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

  /** Bytes copied out of memory. */
  take(address, size) {
    return this.bytes(address, size).slice();
  }

  /** Call a function that returns a status, and throw if that is not 0. */
  check(name, ...values) {
    const status = this.calls[name](...values);
    if (status) throw errorOfStatus(status, this.calls.aecodec_status_error(status), this.text(this.calls.aecodec_status_text(status)));
  }

  /** Call a function whose last results are the address and the size of a file. */
  file(name, ...values) {
    return this.with("pair", (result) => {
      this.check(name, ...values, result, result + 4);
      const [file, size] = this.numbers(result, 2);
      const content = this.take(file, size);
      this.free(file);
      return content;
    });
  }

  /** Run `use` with memory for a struct, which is freed afterwards. */
  with(struct, use) {
    const address = this.allocate(SIZES[struct]);
    try {
      this.bytes(address, SIZES[struct]).fill(0);
      return use(address);
    } finally {
      this.free(address);
    }
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

  /** A text that ends with a zero byte. */
  text(address) {
    const rest = new Uint8Array(this.calls.memory.buffer, address);
    return decoder.decode(rest.slice(0, rest.indexOf(0)));
  }

  /** The network of a plan that stays in memory. */
  network(plan, size) {
    return this.with("pair", (result) => {
      this.check("aecodec_web_network", plan, size, result);
      return this.numbers(result, 1)[0];
    });
  }

  /** SHA-256 in hexadecimal digits. */
  sha256(content) {
    return this.withBytes(content, (bytes, size) =>
      this.withBytes(new Uint8Array(32), (digest) => {
        this.calls.aecodec_sha256(bytes, size, digest);
        return hexadecimal(this.bytes(digest, 32));
      }),
    );
  }

  /** The header of an `.aec` file; the checksum of its base is checked. */
  header(file) {
    return this.withBytes(plainFile(file), (bytes, size) =>
      this.with("header", (at) => {
        this.check("aecodec_read_header", bytes, size, at);
        const small = this.bytes(at, SIZES.header);
        const large = this.numbers(at, SIZES.header / 4);
        return {
          id: hexadecimal(small.subarray(0, 4)),
          width: large[1],
          height: large[2],
          mode: ["L", "RGB", "LA", "RGBA"][small[12]],
          units: small[13],
          reduction: small[14] / 2,
          frames: large[4],
          hasSamples: large[11] !== 0,
          hasBase: hasBase(file),
          isRefined: isRefined(file),
        };
      }),
    );
  }
}

export function hexadecimal(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
