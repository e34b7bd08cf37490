// A codec in the worker: a bundle of which only the head and the sections in use are in memory.

import { CodecError, FormatError, UsageError } from "./errors.js";
import { hexadecimal } from "./core.js";
import { fetchNewest, fetchSection } from "./fetching.js";

const ENCODER = 1;
const DECODER = 2;
const LEVEL = 3;
const BANDS = 4;
const RESIDUALS = 5;
const UNITS = 16; // of a level

export class Codec {
  /** The codec whose files lie in the folder of a URL. */
  static async fetch(core, folder) {
    return new Codec(core, folder, await fetchNewest(`${folder}/head`));
  }

  constructor(core, folder, head) {
    this.core = core;
    this.folder = folder;
    this.coming = new Map();
    this.bundle = core.with("pair", (result) => {
      core.check("aecodec_bundle_from_memory", core.put(head), head.length, result);
      return core.numbers(result, 1)[0];
    });
    this.facts = this.#facts();
    this.sections = Array.from({ length: this.facts.sections }, (_, number) => this.#section(number));
    this.facts.compresses = this.sections.some(({ kind }) => kind === ENCODER);
  }

  #facts() {
    const { core } = this;
    return core.with("facts", (at) => {
      core.calls.aecodec_bundle_facts(this.bundle, at);
      const id = hexadecimal(core.bytes(at, 4));
      const [tileWidth, tileHeight, channels, receptiveField, , , levels, defaultLevel, hasGains, sections] =
        core.numbers(at + 32, 10);
      const tile = { width: tileWidth, height: tileHeight };
      const name = core.text(at + 72);
      const [phases] = core.numbers(at + 476, 1);
      return { id, name, tile, channels, phases, levels, defaultLevel, hasGains: Boolean(hasGains), anySize: receptiveField > 0, sections };
    });
  }

  #section(number) {
    const { core } = this;
    return core.with("section", (at) => {
      core.check("aecodec_bundle_section", this.bundle, number, at);
      const [kind, level, , size] = core.numbers(at, 4);
      return { number, kind, level, size, hash: hexadecimal(core.bytes(at + 20, 32)) };
    });
  }

  /** Levels in sixteenths, the smallest files first. */
  get allUnits() {
    const { levels, hasGains } = this.facts;
    const step = hasGains ? 1 : UNITS;
    return Array.from({ length: ((levels - 1) * UNITS) / step + 1 }, (_, n) => UNITS + n * step);
  }

  /** A level in sixteenths, the default one if there is none. */
  units(level) {
    if (level === undefined) return this.facts.defaultLevel * UNITS;
    const units = level * UNITS;
    if (!this.allUnits.includes(units)) {
      throw new UsageError(`level ${level}: codec ${this.facts.name} has the levels 1 to ${this.facts.levels}${this.facts.hasGains ? ", in sixteenths" : ""}`);
    }
    return units;
  }

  /** The level of a file: units as its header has them, 0 for the default. */
  unitsOfHeader(units) {
    const stated = units || this.facts.defaultLevel * UNITS;
    if (!this.allUnits.includes(stated)) throw new FormatError(`damaged: codec ${this.facts.name} has no level ${stated / UNITS}`);
    return stated;
  }

  needDecoder() {
    return this.#need(DECODER, 0);
  }

  needEncoder() {
    return this.#need(ENCODER, 0);
  }

  /** The tables of a level in sixteenths: those of the nearest whole one. */
  needLevel(units) {
    return this.#need(LEVEL, (units + UNITS / 2) >> 4);
  }

  /** The transfer tables of a codec with bands; nothing for others. */
  needBands() {
    return this.facts.phases ? this.#need(BANDS, 0) : undefined;
  }

  /** All that a file needs, by its header. */
  needFor({ units, hasBase, isRefined }) {
    const base = hasBase ? [this.needDecoder(), this.needLevel(this.unitsOfHeader(units))] : [];
    return Promise.all([this.needBands(), ...base, ...(isRefined ? this.needResiduals() : [])]);
  }

  /** All that any file needs. */
  needAll() {
    return Promise.all(this.sections.map((section) => this.#coming(section)));
  }

  /** The residual networks with which files may have been refined. */
  needResiduals() {
    return this.sections.filter(({ kind }) => kind === RESIDUALS).map((section) => this.#coming(section));
  }

  /** Names and limits of the bands. */
  async bands() {
    const { core } = this;
    await this.needBands();
    return core.with("band", (at) =>
      Array.from({ length: this.facts.phases ? this.facts.channels : 0 }, (_, number) => {
        core.check("aecodec_bundle_band", this.bundle, number, at);
        return { name: core.text(at + 16), low: core.double(at)[0], high: core.double(at + 8)[0] };
      }),
    );
  }

  #need(kind, level) {
    const section = this.sections.find((candidate) => candidate.kind === kind && candidate.level === level);
    if (!section) throw new CodecError(`codec ${this.facts.name} has no ${["", "encoder", "decoder", `level ${level}`, "bands"][kind]} here`);
    return this.#coming(section);
  }

  // Sections are fetched once, also if several jobs wait for one.
  #coming(section) {
    if (!this.coming.has(section)) {
      const coming = this.#fetch(section);
      this.coming.set(section, coming);
      coming.catch(() => this.coming.delete(section));
    }
    return this.coming.get(section);
  }

  async #fetch(section) {
    const content = await fetchSection(this.core, this.folder, section.hash);
    const address = this.core.put(content);
    this.core.check("aecodec_bundle_add", this.bundle, section.number, address, content.length);
    const isNetwork = section.kind === ENCODER || section.kind === DECODER;
    const network = isNetwork ? this.core.network(address, content.length) : 0;
    return { hash: section.hash, address, size: content.length, network };
  }
}
