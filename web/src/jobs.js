// What the worker does: decode, encode, and tell what a codec is.

import { Codec } from "./codec.js";
import { CodecError, UsageError } from "./errors.js";
import { WorkerPool } from "./worker_pool.js";
import { compress, Decoding, Encoding } from "./picture_coding.js";
import { CONSTANTS } from "./structures.js";

export class Jobs {
  constructor(core, module) {
    this.core = core;
    this.pool = new WorkerPool(core, module);
    this.codecs = new Map(); // promises, by folder
    this.turns = [Promise.resolve(), Promise.resolve()]; // ends of the last two pictures
    this.open = 0; // pictures at work or waiting
  }

  #parts(picture) {
    return this.pool.parts(picture, Math.min(this.open, this.turns.length));
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
      throw new CodecError(`the file needs codec ${id}, which ${codecs} does not contain: name its folder with setCodecs or codec`);
    }
  }

  async #sameCodec({ id }, folder) {
    const codec = await this.codec(folder);
    if (codec.facts.id !== id) {
      throw new CodecError(`the file needs codec ${id}, but ${folder} contains codec ${codec.facts.id} (${codec.facts.name})`);
    }
    return codec;
  }

  async #decodeWith(codec, header, file, limits, report) {
    const decode = async () => {
      const decoding = Decoding.begin(codec, file, { ...limits, parts: this.#parts(header) });
      try {
        decoding.decodeCodes();
        if (decoding.windows) await this.#run(codec, decoding, await codec.need(CONSTANTS.DECODER), report);
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
    const [before, latest] = this.turns;
    this.open += 1;
    const turn = before.then(() => report()).then(work).finally(() => { this.open -= 1; });
    this.turns = [latest, turn.catch(() => {})];
    return turn;
  }

  async #run(codec, steps, section, report) {
    if (codec.facts.anySize) return this.pool.run(steps, section, report);
    steps.runHere();
    report(steps.windows, steps.windows);
    return undefined;
  }

  /** A picture as the file of a level, the best one of a number of bytes, or one within errors. */
  async encode(image, { folder, level, maxBytes, maxError }, report) {
    const isOne = maxBytes === undefined || (level === undefined && maxError === undefined);
    const option = level === undefined ? "maxError" : "level";
    if (!isOne) throw new UsageError(`give ${option} or maxBytes, not both`);
    const codec = await this.codec(folder);
    if (maxBytes === undefined && maxError === undefined) return this.#encodeAt(codec, image, level, report);
    const errors = maxError === undefined ? undefined : [maxError].flat();
    const levelIndex = level === undefined ? 0 : codec.levelIndex(level);
    await codec.needToCompress(errors);
    // All networks run here: the core decides which ones, and on how many pixels.
    return this.#inTurn(() => compress(codec, image, { levelIndex, maxBytes, errors }), report);
  }

  async #encodeAt(codec, image, level, report) {
    const index = codec.levelIndex(level);
    const section = await codec.need(CONSTANTS.ENCODER);
    await Promise.all([codec.needBands(), codec.needLevel(index)]);
    const encode = async () => {
      const encoding = Encoding.begin(codec, image, { parts: this.#parts(image) });
      try {
        await this.#run(codec, encoding, section, report);
        return encoding.file(index);
      } finally {
        encoding.free();
      }
    };
    return this.#inTurn(encode, report);
  }
}
