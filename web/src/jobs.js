// What the worker does: decode, encode, and tell what a codec is.

import { Codec } from "./codec.js";
import { CodecError, UsageError } from "./errors.js";
import { Runners } from "./runners.js";
import { compress, Decoding, Encoding } from "./steps.js";
import { CONSTANTS } from "./structures.js";

export class Jobs {
  constructor(core, module) {
    this.core = core;
    this.runners = new Runners(core, module);
    this.codecs = new Map(); // promises, by folder
    this.turns = [Promise.resolve(), Promise.resolve()]; // ends of the last two pictures
  }

  codec(folder) {
    if (!this.codecs.has(folder)) {
      const coming = Codec.fetch(this.core, folder);
      this.codecs.set(folder, coming);
      coming.catch(() => this.codecs.delete(folder));
    }
    return this.codecs.get(folder);
  }

  /** Decode a file whose codec lies in the folder of its id under `codecs`, or in `folder`. */
  async decode(file, { codecs, folder, limits = {} }, report) {
    const header = this.core.header(file);
    const codec = folder ? await this.#sameCodec(header, folder) : await this.#codecOf(header, codecs);
    return this.#decodeWith(codec, header, file, limits, report);
  }

  async #codecOf({ id }, codecs) {
    try {
      return await this.#sameCodec({ id }, `${codecs}/${id}`);
    } catch (error) {
      if (!error.isAbsent) throw error;
      throw new CodecError(`the file is of codec ${id}, which is not among those at ${codecs}`);
    }
  }

  async #sameCodec({ id }, folder) {
    const codec = await this.codec(folder);
    if (codec.facts.id !== id) {
      throw new CodecError(`the file is of codec ${id}, and the one in ${folder} is ${codec.facts.id} (${codec.facts.name})`);
    }
    return codec;
  }

  async #decodeWith(codec, header, file, limits, report) {
    const decode = async () => {
      const decoding = Decoding.begin(codec, file, { ...limits, parts: this.runners.parts(header) });
      try {
        decoding.decodeCodes();
        if (decoding.windows) await this.#run(codec, decoding, await codec.needDecoder(), report);
        return header.hasSamples ? decoding.finishSamples() : decoding.finish();
      } finally {
        decoding.free();
      }
    };
    // What a file claims is checked before a network or a table is fetched for it.
    try {
      return await this.#inTurn(decode, report);
    } catch (error) {
      if (error.status !== CONSTANTS.ABSENT) throw error;
    }
    await codec.needFor(header);
    return this.#inTurn(decode, report);
  }

  // Two pictures at once: one is coded here while runners work on the other. More would only take memory. Aborted jobs
  // end before their turn.
  #inTurn(work, report) {
    const [before, other] = this.turns;
    const turn = before.then(() => report()).then(work);
    this.turns = [other, turn.catch(() => {})];
    return turn;
  }

  async #run(codec, steps, section, report) {
    if (codec.facts.anySize) return this.runners.run(steps, section, report);
    steps.runHere();
    report(steps.windows, steps.windows);
    return undefined;
  }

  /** Run the encoder network on a picture, for files at any level. */
  async prepare(image, folder, report) {
    const codec = await this.codec(folder);
    const section = await codec.needEncoder();
    await codec.needBands();
    const encode = async () => {
      const options = { parts: this.runners.parts(image) };
      const encoding = image.samples ? Encoding.beginSamples(codec, image, options) : Encoding.begin(codec, image, options);
      try {
        await this.#run(codec, encoding, section, report);
      } catch (error) {
        encoding.free();
        throw error;
      }
      return { codec, encoding, image };
    };
    return this.#inTurn(encode, report);
  }

  /** The file of a prepared picture at a level, or the best one of a number of bytes. */
  async make({ codec, encoding, image }, { level, maxBytes }, report) {
    needOneOf({ level, maxBytes });
    if (maxBytes !== undefined) return (await this.#compress(codec, image, { maxBytes }, report)).file;
    const units = codec.units(level);
    await codec.needLevel(units);
    return encoding.file(units);
  }

  /** Encode a picture or samples at a level, as well as they can be in a number of bytes, or within an error. */
  async encode(image, { folder, level, maxBytes, maxError }, report) {
    needOneOf({ level, maxBytes, maxError });
    const { file, clipped } =
      maxBytes === undefined && maxError === undefined
        ? await this.#encodeAt(image, folder, level, report)
        : await this.#encodeFor(image, folder, { level, maxBytes, maxError }, report);
    return image.samples ? { file, clipped } : file;
  }

  async #encodeAt(image, folder, level, report) {
    const prepared = await this.prepare(image, folder, report);
    try {
      return { file: await this.make(prepared, { level }, report), clipped: prepared.encoding.clipped };
    } finally {
      prepared.encoding.free();
    }
  }

  async #encodeFor(image, folder, { level, maxBytes, maxError }, report) {
    const codec = await this.codec(folder);
    if (maxError === undefined) return this.#compress(codec, image, { maxBytes }, report);
    const units = level === undefined ? 0 : codec.units(level);
    const { file } = await this.#compress(codec, image, { units, errors: [maxError].flat() }, report);
    return { file, clipped: image.samples && Array(image.bands).fill(0) };
  }

  // All networks run here: the core decides which ones, and on how many pixels.
  async #compress(codec, image, target, report) {
    await codec.needToCompress(target);
    return this.#inTurn(() => compress(codec, image, target), report);
  }
}

function needOneOf({ level, maxBytes, maxError }) {
  const isOne = maxBytes === undefined || (level === undefined && maxError === undefined);
  if (!isOne) throw new UsageError(`give ${level === undefined ? "maxError" : "level"} or maxBytes, not both`);
}

/** A job at work, which its owner may abort. `report` without numbers only ends aborted jobs. */
export class Job {
  constructor(tell) {
    this.tell = tell;
    this.isAborted = false;
    this.report = (done, of) => {
      if (this.isAborted) throw new DOMException("the caller gave up", "AbortError");
      if (of) this.tell(done, of);
    };
  }
}
