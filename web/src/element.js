// <aec-img src="picture.aec" alt="...">: an `.aec` file where an <img> would stand.

import { arrivals } from "./arrival.js";
import { decode, decodeSamples, InputError, readHeader, samplesToImageData } from "./index.js";

const style = new CSSStyleSheet();
style.replaceSync(":host { display: inline-block; max-width: 100%; } canvas { display: block; width: 100%; height: auto; image-rendering: inherit; }");

/** Draws the file of `src` on a canvas. It has the picture's size, unless a style sheet says otherwise;
 * `width` and `height` keep the room until it is there. Of a file with bands, it shows those that `bands` names, as
 * in bands="3,2,1", counted from 1. Of a file with refinements, it shows the base as soon as its bytes are there; with
 * `base-only`, it fetches nothing else. Events: `preview` after a base that is not the last picture, `load`, and `error`
 * with `error` in it. */
export class AecImage extends HTMLElement {
  static observedAttributes = ["src", "alt", "bands", "base-only", "width", "height"];

  complete = false;
  naturalWidth = 0;
  naturalHeight = 0;

  #canvas = document.createElement("canvas");
  #loading = new AbortController();

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [style];
    root.append(this.#canvas);
  }

  attributeChangedCallback(name, before, now) {
    if (name === "alt") this.#describe();
    else if (name === "src" && before !== now) this.#load(now);
    else if (name === "bands" || name === "base-only") this.#load(this.getAttribute("src"));
    else if (name !== "src" && !this.complete) this.#canvas[name] = Number(now) || this.#canvas[name];
  }

  connectedCallback() {
    this.#describe();
  }

  // As for <img>: an empty alt is decoration, and a picture without alt is announced as one.
  #describe() {
    const alt = this.getAttribute("alt");
    this.#canvas.role = alt === "" ? "presentation" : "img";
    if (alt) this.#canvas.setAttribute("aria-label", alt);
    else this.#canvas.removeAttribute("aria-label");
  }

  async #load(src) {
    this.#loading.abort();
    this.#loading = new AbortController();
    this.complete = false;
    if (!src) return;
    const { signal } = this.#loading;
    try {
      await null; // of attributes that are set together, only the last one fetches
      signal.throwIfAborted();
      const response = await fetch(src, { signal });
      if (!response.ok) throw new InputError(`${src}: ${response.status} ${response.statusText}`);
      for await (const { file, isLast } of arrivals(response, this.hasAttribute("base-only"))) {
        const picture = await this.#picture(file, signal);
        signal.throwIfAborted();
        this.#show(picture, isLast);
      }
    } catch (error) {
      if (!signal.aborted) this.dispatchEvent(Object.assign(new Event("error"), { error }));
    }
  }

  async #picture(file, signal) {
    const { hasSamples } = await readHeader(file);
    if (!hasSamples) return decode(file, { signal });
    const bands = this.getAttribute("bands")?.split(",").map((number) => number - 1);
    return samplesToImageData(await decodeSamples(file, { signal }), { bands });
  }

  #show(picture, isLast) {
    this.complete = isLast;
    this.#canvas.width = this.naturalWidth = picture.width;
    this.#canvas.height = this.naturalHeight = picture.height;
    this.#canvas.getContext("2d").putImageData(picture, 0, 0);
    this.dispatchEvent(new Event(isLast ? "load" : "preview"));
  }
}

customElements.define("aec-img", AecImage);
