// A codec in the worker, of which only the head and the sections in use are in memory.

import { CodecError, UsageError } from "./errors.js";
import { hexadecimal } from "./core.js";
import { fetchFile, fetchSection, once } from "./fetching.js";
import { SAMPLES } from "./arrays.js";
import { CONSTANTS } from "./structures.js";

const { ENCODER, DECODER, LEVEL, BANDS, PRIMER } = CONSTANTS;
const NAMES = { [ENCODER]: "encoder", [DECODER]: "decoder", [LEVEL]: "level", [BANDS]: "bands" };
const UNITS = 16; // of a level

export class Codec {
  /** The codec whose files lie in the folder of a URL. */
  static async fetch(core, folder) {
    if (folder.endsWith(`/${SAMPLES}`)) return new Codec(core, folder, core.calls.aecodec_samples_codec());
    const head = await fetchFile(`${folder}/head`);
    return new Codec(core, folder, core.open("aecodec_bundle_from_memory", core.put(head), head.length));
  }

  constructor(core, folder, bundle) {
    Object.assign(this, { core, folder, bundle, coming: new Map() });
    const facts = core.with("codec_facts", {}, (at) => {
      core.calls.aecodec_bundle_facts(bundle, at);
      return core.read("codec_facts", at);
    });
    const section = (number) => core.fill("section", "aecodec_bundle_section", bundle, number);
    const sections = Array.from({ length: facts.sections }, (_, number) => ({ number, ...section(number) }));
    this.sections = sections.filter(({ offset }) => offset); // those at the host
    const { name, channels, phases, levels } = facts;
    this.facts = {
      id: hexadecimal(facts.sha256.subarray(0, 4)),
      tile: { width: facts.tile_width, height: facts.tile_height },
      ...{ name, channels, phases, levels },
      defaultLevel: facts.default_level,
      hasGains: Boolean(facts.has_gains),
      anySize: facts.receptive_field > 0,
      compresses: this.sections.some(({ kind }) => kind === ENCODER),
    };
  }

  /** A level in sixteenths, the default one if there is none. */
  levelIndex(level = this.facts.defaultLevel) {
    const { name, levels, hasGains } = this.facts;
    const isLevel = level >= 1 && level <= levels && Number.isInteger(hasGains ? level * UNITS : level);
    if (!isLevel) throw new UsageError(`level ${level}: codec ${name} has levels 1 to ${levels}${hasGains ? ", in steps of 1/16" : ""}`);
    return level * UNITS;
  }

  /** A section by its kind. */
  need(kind, level = 0) {
    const section = this.sections.find((candidate) => candidate.kind === kind && candidate.level === level);
    if (!section) throw new CodecError(`this copy of codec ${this.facts.name} has no ${NAMES[kind]}${level ? ` ${level}` : ""}: publish the whole codec`);
    return this.#coming(section);
  }

  /** The tables of a level in sixteenths: those of the nearest whole one. */
  needLevel(levelIndex) {
    return this.need(LEVEL, (levelIndex + UNITS / 2) >> 4);
  }

  /** The transfer tables of a codec with bands; nothing for others. */
  needBands() {
    return this.facts.phases ? this.need(BANDS) : undefined;
  }

  /** All that a file needs, by its header. */
  needFor({ level, hasBase }) {
    if (!hasBase) return this.#needAll([PRIMER, BANDS]);
    return Promise.all([this.need(DECODER), this.needLevel(this.levelIndex(level)), this.needBands()]);
  }

  /** All that compression within errors or a number of bytes may need. */
  needToCompress(errors) {
    const kinds = [ENCODER, DECODER, LEVEL, BANDS, PRIMER];
    return Promise.all([errors ?? this.need(ENCODER), this.#needAll(kinds)]);
  }

  #needAll(kinds) {
    const sections = this.sections.filter(({ kind }) => kinds.includes(kind));
    return Promise.all(sections.map((section) => this.#coming(section)));
  }

  // Sections are fetched once, also if several jobs wait for one.
  #coming(section) {
    return once(this.coming, section, () => this.#fetch(section));
  }

  async #fetch(section) {
    const hash = hexadecimal(section.sha256);
    const content = await fetchSection(this.core, this.folder, hash);
    const address = this.core.put(content);
    this.core.check("aecodec_bundle_add", this.bundle, section.number, address, content.length);
    return { hash, address, size: content.length };
  }
}
