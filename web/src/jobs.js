// What the worker does: decode, encode, and tell what a codec is.

import { Codec } from "./codec.js";
import { CodecError, UsageError } from "./errors.js";
import { once } from "./fetching.js";
import { compress, decoding, encoding } from "./picture_coding.js";
import { CONSTANTS } from "./structures.js";
import { WorkerPool } from "./worker_pool.js";

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
    return once(this.codecs, folder, () => Codec.fetch(this.core, folder));
  }

  /** Decode a file whose codec lies in the folder of its id under `codecs`, or in `folder`. */
  async decode(file, { codecs, folder, limits }, report) {
    const header = this.core.header(file);
    const codec = await this.#codecOf(header, folder ?? `${codecs}/${header.id}`);
    const decode = () => decoding(codec, file, limits, this.#parts(header), async (steps) => {
      if (steps.windows) await this.pool.run(steps, await codec.need(CONSTANTS.DECODER), report);
      return header.hasSamples ? steps.samples() : steps.picture();
    });
    // What a file claims is checked before a network or a table is fetched for it.
    try {
      return await this.#inTurn(decode, report);
    } catch (error) {
      if (error.status !== CONSTANTS.ABSENT) throw error;
    }
    await codec.needFor(header);
    return this.#inTurn(decode, report);
  }

  async #codecOf({ id }, folder) {
    const codec = await this.codec(folder).catch((error) => {
      if (!error.isAbsent) throw error;
      throw new CodecError(`the file needs codec ${id}, which ${folder} does not contain: set the folder with setCodecs or the option codec`);
    });
    if (codec.facts.id === id) return codec;
    throw new CodecError(`the file needs codec ${id}, but ${folder} contains codec ${codec.facts.id} (${codec.facts.name}): use the codec of the file`);
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

  /** A picture as the file of a level, the best one of a number of bytes, or one within errors. */
  async encode(image, { folder, level, maxBytes, maxError }, report) {
    const isOne = maxBytes === undefined || (level === undefined && maxError === undefined);
    const option = level === undefined ? "maxError" : "level";
    if (!isOne) throw new UsageError(`use either ${option} or maxBytes, not both`);
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
    const needed = [codec.need(CONSTANTS.ENCODER), codec.needLevel(index), codec.needBands()];
    const [section] = await Promise.all(needed);
    const encode = () => encoding(codec, image, this.#parts(image), async (steps) => {
      await this.pool.run(steps, section, report);
      return steps.file(index);
    });
    return this.#inTurn(encode, report);
  }
}
