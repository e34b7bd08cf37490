// What the worker does: decode, encode, and tell what a codec is.

import { ABSENT, CodecError, UsageError } from "./errors.js";
import { Codec } from "./codec.js";
import { Decoding, Encoding, likeness, withinErrors } from "./steps.js";
import { Runners } from "./runners.js";

const REDUCTIONS = [2, 3, 4, 6, 8, 12, 16, 24, 32]; // halves, as in Python
const MOST_REDUCED = 1 << 26; // pixels of a picture that may be reduced, as in Python
const LARGEST = 0xffffffff;
const UNLIMITED = { maxPixels: LARGEST, maxFrames: 1 << 24 };

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
      if (error.status !== ABSENT) throw error;
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
    steps.runHere(section.network);
    report(steps.windows, steps.windows);
    return undefined;
  }

  /** Run the encoder network on a picture, for files at any level. */
  async prepare(image, folder, report, reduction) {
    const codec = await this.codec(folder);
    const section = await codec.needEncoder();
    await codec.needBands();
    const encode = async () => {
      const options = { parts: this.runners.parts(image), reduction };
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

  /** The file of a prepared picture at a level. */
  async file({ codec, encoding }, level) {
    const units = codec.units(level);
    await codec.needLevel(units);
    return encoding.file(units);
  }

  /** The file of a prepared picture at a level, or the best one of a number of bytes. */
  async make(prepared, { level, maxBytes }) {
    needOneOf({ level, maxBytes });
    return maxBytes === undefined ? this.file(prepared, level) : this.within(prepared, maxBytes);
  }

  /** Encode a picture or samples at a level, as well as they can be in a number of bytes, or within an error. */
  async encode(image, { folder, level, maxBytes, maxError }, report) {
    needOneOf({ level, maxBytes, maxError });
    if (maxError !== undefined) return this.#withinErrors(image, { folder, level, errors: [maxError].flat() });
    const prepared = await this.prepare(image, folder, report);
    try {
      const file = await this.make(prepared, { level, maxBytes });
      return image.samples ? { file, clipped: prepared.encoding.clipped } : file;
    } finally {
      prepared.encoding.free();
    }
  }

  async #withinErrors(image, { folder, level, errors }) {
    const codec = await this.codec(folder);
    const units = level === undefined ? 0 : codec.units(level);
    await codec.needAll();
    const file = withinErrors(codec, image, errors, units);
    return image.samples ? { file, clipped: Array(image.bands).fill(0) } : file;
  }

  /** The best file of at most `maxBytes` bytes: of fewer pixels, where that gives a better picture.
   *
   * The rule is that of Python: a reduction is tried where the one before gives a level of the lower half, or
   * none; of two files the better is the one that is more like the picture. */
  async within(prepared, maxBytes) {
    const { codec, image } = prepared;
    let best;
    let smallest = Infinity;
    const isReducible = codec.facts.anySize && !image.samples && image.width * image.height <= MOST_REDUCED;
    for (const reduction of isReducible ? REDUCTIONS : REDUCTIONS.slice(0, 1)) {
      const candidate = await this.#reduced(prepared, reduction, (picture) => this.#largest(picture, maxBytes));
      smallest = Math.min(smallest, candidate.smallest);
      if (!candidate.file) continue;
      if (best && (await this.#likeness(codec, image, candidate)) <= (await this.#likeness(codec, image, best))) break;
      best = candidate;
      if (best.units / 16 >= codec.facts.levels / 2) break;
    }
    if (best) return best.file;
    throw new UsageError(`no file of ${maxBytes} bytes: the smallest that codec ${codec.facts.name} makes of this picture has ${smallest}; allow more, or reduce the picture`);
  }

  async #reduced(prepared, reduction, use) {
    if (reduction === REDUCTIONS[0]) return use(prepared);
    const reduced = await this.prepare(prepared.image, prepared.codec.folder, () => {}, reduction);
    try {
      return await use(reduced);
    } finally {
      reduced.encoding.free();
    }
  }

  // The largest file that fits, by bisection: files grow from level to level.
  async #largest({ codec, encoding }, maxBytes) {
    const units = codec.allUnits;
    const result = { smallest: Infinity };
    let [low, high] = [0, units.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      await codec.needLevel(units[middle]);
      const file = encoding.file(units[middle]);
      result.smallest = Math.min(result.smallest, file.length);
      if (file.length <= maxBytes) {
        Object.assign(result, { file, units: units[middle] });
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return result;
  }

  async #likeness(codec, image, candidate) {
    if (candidate.likeness === undefined) {
      const header = this.core.header(candidate.file);
      const decoded = await this.#decodeWith(codec, header, candidate.file, UNLIMITED, () => {});
      candidate.likeness = likeness(this.core, image, decoded);
    }
    return candidate.likeness;
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
