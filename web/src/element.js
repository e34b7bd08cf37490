// <aec-img src="picture.aec" preview="..." alt="...">: an `.aec` file where an <img> would stand.

import { fetchFile } from "./fetching.js";
import { decode, decodeSamples, ImageError, readHeader, samplesToImageData } from "./index.js";
import { decodePreview, loadTables, paintPreview, readRatio } from "./preview.js";

const style = new CSSStyleSheet();
style.replaceSync(`
  :host { display: inline-block; max-width: 100%; }
  div { position: relative; }
  canvas { display: block; width: 100%; height: auto; image-rendering: inherit; }
  #preview { position: absolute; inset: 0; height: 100%; image-rendering: auto; pointer-events: none; }
  #preview:not(.shown) { opacity: 0; transition: opacity 0.3s; }
  @media (prefers-reduced-motion: reduce) { #preview:not(.shown) { transition: none; } }
`);

// Sizes that all browsers draw: pixels of a side, and of a picture.
const DRAWN_SIDE = 16_384;
const DRAWN = 1 << 24;
const SIDE = 300; // pixels of the longer side if nothing else is known, as of a canvas

/** The element; `element.d.ts` describes its attributes and events. */
export class AecImage extends HTMLElement {
  static observedAttributes = ["src", "alt", "preview", "width", "height"];

  complete = false;
  naturalWidth = 0;
  naturalHeight = 0;

  #canvas = document.createElement("canvas");
  #preview = document.createElement("canvas");
  #ratio = 2;
  #isDrawn = false;
  #loading = new AbortController();

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [style];
    this.#preview.id = "preview";
    this.#preview.setAttribute("aria-hidden", "true");
    root.append(document.createElement("div"));
    root.firstChild.append(this.#canvas, this.#preview);
  }

  attributeChangedCallback(name, before, now) {
    if (name === "alt") this.#describe();
    else if (name === "src" && before !== now) this.#load(now);
    else if (name === "preview") this.#loadPreview(now);
    else if (name !== "src") this.#keepRoom();
  }

  connectedCallback() {
    this.#describe();
  }

  // As for <img>: an empty alt is decoration, and a picture without alt is announced as one.
  #describe() {
    const alt = this.getAttribute("alt");
    this.#canvas.setAttribute("role", alt === "" ? "presentation" : "img");
    if (alt) this.#canvas.setAttribute("aria-label", alt);
    else this.#canvas.removeAttribute("aria-label");
  }

  #keepRoom() {
    if (this.#isDrawn) return;
    const [width, height] = ["width", "height"].map((name) => Number(this.getAttribute(name)));
    this.#canvas.width = width || (height || SIDE / Math.max(1, this.#ratio)) * this.#ratio;
    this.#canvas.height = height || this.#canvas.width / this.#ratio;
  }

  async #loadPreview(text) {
    this.#preview.className = "";
    if (text === null) return;
    try {
      this.#ratio = readRatio(text) ?? 1;
      this.#keepRoom();
      const tables = await loadTables();
      if (this.#isDrawn || this.getAttribute("preview") !== text) return;
      paintPreview(decodePreview(text, tables), this.#preview);
      this.#preview.className = "shown";
      this.dispatchEvent(new Event("preview"));
    } catch (error) {
      this.#report("previewerror", error);
    }
  }

  // The console also shows errors, unless a listener prevents it.
  #report(type, error) {
    const event = Object.assign(new Event(type, { cancelable: true }), { error });
    if (this.dispatchEvent(event)) console.error(this, error);
  }

  async #load(src) {
    this.#loading.abort();
    this.#loading = new AbortController();
    this.complete = this.#isDrawn = false;
    if (!src) return this.#clear();
    const { signal } = this.#loading;
    try {
      const picture = await this.#picture(await fetchFile(src, { signal }), signal);
      if (!signal.aborted) this.#show(picture);
    } catch (error) {
      if (signal.aborted) return;
      this.#clear();
      this.#report("error", error);
    }
  }

  async #picture(file, signal) {
    const { hasSamples } = await readHeader(file);
    return hasSamples ? samplesToImageData(await decodeSamples(file, { signal })) : decode(file, { signal });
  }

  // Remove the picture of the `src` before, and show the preview again.
  #clear() {
    this.#keepRoom();
    if (this.naturalWidth) this.#loadPreview(this.getAttribute("preview"));
    this.naturalWidth = this.naturalHeight = 0;
  }

  #draw(picture) {
    const { width, height } = picture;
    Object.assign(this.#canvas, { width, height });
    const context = this.#canvas.getContext("2d");
    context.putImageData(picture, 0, 0);
    // Canvases that are too large stay transparent, without an error. Some browsers change what getImageData returns.
    const isLarge = Math.max(width, height) > DRAWN_SIDE || width * height > DRAWN;
    if (isLarge && context.getImageData(0, 0, 1, 1).data[3] !== picture.data[3]) {
      throw new ImageError(`this browser cannot show ${width}x${height} pixels in a canvas`);
    }
  }

  #show(picture) {
    this.#draw(picture);
    this.complete = this.#isDrawn = true;
    this.#preview.className = "";
    this.naturalWidth = picture.width;
    this.naturalHeight = picture.height;
    this.dispatchEvent(new Event("load"));
  }
}

customElements.define("aec-img", AecImage);
