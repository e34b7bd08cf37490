// <aec-img src="picture.aec" preview="..." alt="...">: an `.aec` file where an <img> would stand.

import { fetchFile } from "./fetching.js";
import { decode, ImageError, readHeader } from "./index.js";
import { paintPreview, readRatio } from "./preview.js";
import { decodeSamples, samplesToImageData } from "./samples.js";

const STYLE = `
  :host { display: inline-block; position: relative; max-width: 100%; overflow: hidden; }
  canvas { position: absolute; inset: 0; width: 100%; height: 100%; }
  canvas, ::slotted(*) { object-fit: inherit; object-position: inherit; }
  #preview { image-rendering: auto; pointer-events: none; }
  #preview:not(.shown) { opacity: 0; transition: opacity 0.3s; }
  #alt { position: relative; background: Canvas; color: CanvasText; }
  .failed, slot, #alt { display: none; }
  .failed ~ slot { display: contents; }
  .failed ~ #alt:not([hidden]) { display: inline; }
  ::slotted(*) { display: block; width: 100%; height: 100%; }
  @media (prefers-reduced-motion: reduce) { #preview:not(.shown) { transition: none; } }
`;

// Sizes that all browsers draw: pixels of a side, and of a picture.
const DRAWN_SIDE = 16_384;
const DRAWN = 1 << 24;
const SIDE = 300; // pixels of the longer side if nothing else is known, as of a canvas

const NEAR = "800px"; // from the window: a lazy element that is nearer loads

let style;

// A promise that is kept when an element is near the window, or a signal aborts.
function nearness(element, signal) {
  let observer;
  return new Promise((resolve) => {
    const look = (entries) => entries.some(({ isIntersecting }) => isIntersecting) && resolve();
    observer = new IntersectionObserver(look, { rootMargin: NEAR });
    observer.observe(element);
    signal.addEventListener("abort", resolve);
  }).finally(() => observer.disconnect());
}

/** The element; `element.d.ts` describes it. A server, which has no elements, may import it. */
export class AecImage extends (globalThis.HTMLElement ?? Object) {
  static observedAttributes = ["src", "alt", "preview", "width", "height", "loading"];

  complete = false;
  naturalWidth = 0;
  naturalHeight = 0;

  #canvas = document.createElement("canvas");
  #preview = document.createElement("canvas");
  #alt = document.createElement("span");
  #size = new CSSStyleSheet();
  #ratio = 2;
  #loading = new AbortController();

  constructor() {
    super();
    if (!style) (style = new CSSStyleSheet()).replaceSync(STYLE);
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [style, this.#size];
    this.#preview.id = "preview";
    this.#preview.setAttribute("aria-hidden", "true");
    this.#alt.id = "alt";
    root.append(this.#canvas, this.#preview, document.createElement("slot"), this.#alt);
    this.#keepRoom();
  }

  attributeChangedCallback(name, before, now) {
    if (name === "alt") this.#describe();
    else if (name === "src" && before !== now) this.#load(now);
    else if (name === "loading" && !this.complete) this.#load(this.getAttribute("src"));
    else if (name === "preview") this.#loadPreview(now);
    else if (name !== "src") this.#keepRoom();
  }

  connectedCallback() {
    this.#describe();
    // Properties that were set before this module was there hide those of the class.
    for (const name of AecImage.observedAttributes.filter((known) => Object.hasOwn(this, known))) {
      const value = this[name];
      delete this[name];
      this[name] = value;
    }
  }

  // As for <img>: an empty alt is decoration, and a picture without alt is announced as one.
  #describe() {
    const alt = this.getAttribute("alt");
    this.#alt.textContent = alt;
    this.#canvas.setAttribute("role", alt === "" ? "presentation" : "img");
    if (alt) this.#canvas.setAttribute("aria-label", alt);
    else this.#canvas.removeAttribute("aria-label");
  }

  // The size, unless the page's style sets another: of the attributes, the picture or its preview.
  #keepRoom() {
    const { width, height, naturalWidth, naturalHeight } = this;
    const ratio = width && height ? width / height : naturalWidth / naturalHeight || this.#ratio;
    const across = width || height * ratio || naturalWidth || SIDE * Math.min(1, ratio);
    this.#size.replaceSync(`:host { width: ${across}px; aspect-ratio: ${ratio}; }`);
  }

  async #loadPreview(text) {
    this.#preview.className = "";
    if (text === null) return;
    try {
      this.#ratio = readRatio(text);
      this.#keepRoom();
      await null; // a script may add its listeners after the attribute
      if (this.complete || this.getAttribute("preview") !== text) return;
      paintPreview(text, this.#preview);
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
    this.complete = false;
    this.#canvas.className = "";
    if (!src) return this.#clear();
    const { signal } = this.#loading;
    try {
      await undefined; // `loading` may be set after `src`
      if (this.loading === "lazy") await nearness(this, signal);
      const file = Object.assign(await fetchFile(src, { signal }), { name: src.slice(0, 99) });
      const picture = await this.#picture(file, signal);
      if (!signal.aborted) this.#show(picture);
    } catch (error) {
      if (!signal.aborted) this.#fail(error);
    }
  }

  // Show the elements inside, such as an <img>, or else the alternative text.
  #fail(error) {
    this.#clear();
    this.#canvas.className = "failed";
    this.#alt.hidden = this.childElementCount > 0;
    if (this.#alt.hidden) this.#preview.className = "";
    if (this.#alt.hidden && !this.width && !this.height) this.#size.replaceSync("");
    this.#report("error", error);
  }

  async #picture(file, signal) {
    const { hasSamples } = await readHeader(file);
    return hasSamples ? samplesToImageData(await decodeSamples(file, { signal })) : decode(file, { signal });
  }

  // Remove the picture of the `src` before, and show the preview again.
  #clear() {
    const isReplaced = this.naturalWidth > 0;
    this.naturalWidth = this.naturalHeight = 0;
    this.#keepRoom();
    if (isReplaced) this.#loadPreview(this.getAttribute("preview"));
  }

  #draw(picture) {
    const { width, height } = picture;
    Object.assign(this.#canvas, { width, height });
    const context = this.#canvas.getContext("2d");
    context.putImageData(picture, 0, 0);
    // Canvases that are too large stay transparent, without an error. Some browsers change what getImageData returns.
    const isLarge = Math.max(width, height) > DRAWN_SIDE || width * height > DRAWN;
    if (isLarge && context.getImageData(0, 0, 1, 1).data[3] !== picture.data[3]) {
      throw new ImageError(`this browser cannot draw ${width}x${height} pixels on a canvas: use a smaller picture`);
    }
  }

  #show(picture) {
    this.#draw(picture);
    this.complete = true;
    this.#preview.className = "";
    this.naturalWidth = picture.width;
    this.naturalHeight = picture.height;
    this.#keepRoom();
    this.dispatchEvent(new Event("load"));
  }
}

// Properties that stand for attributes, as those of <img>.
const number = (text) => Number(text) || 0;
const REFLECTED = {
  src: (text) => text && Object.assign(document.createElement("a"), { href: text }).href,
  loading: (text) => (text === "lazy" ? text : "eager"),
  ...{ alt: String, preview: String, width: number, height: number },
};
for (const [name, read] of Object.entries(REFLECTED)) {
  Object.defineProperty(AecImage.prototype, name, {
    get() {
      return read(this.getAttribute(name) ?? "");
    },
    set(value) {
      if (value === null || value === undefined) this.removeAttribute(name);
      else this.setAttribute(name, value);
    },
  });
}

if (globalThis.customElements && !customElements.get("aec-img")) customElements.define("aec-img", AecImage);
