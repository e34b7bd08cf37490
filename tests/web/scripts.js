// Globals for the scripts of tests: the library, and functions that they share.

import * as aecodec from "/aecodec/index.js";
import { fromBare, toBare } from "/aecodec/bare.js";
import "/aecodec/element.js";
import * as previews from "/aecodec/preview.js";
import { decodeSamples, samplesToImageData } from "/aecodec/samples.js";

aecodec.setCodecs("/codecs");

const bytes = async (name) => new Uint8Array(await (await fetch(name)).arrayBuffer());
const golden = (name) => bytes(`/golden/${name}.aec`);
const digest = async (data) => [...new Uint8Array(await crypto.subtle.digest("SHA-256", data))]
  .map((byte) => byte.toString(16).padStart(2, "0")).join("");

// An array in base64, and back to bytes.
const text = (array) => btoa(String.fromCharCode(...new Uint8Array(array.buffer, array.byteOffset, array.byteLength)));
const fromText = (value) => Uint8Array.from(atob(value), (letter) => letter.charCodeAt(0));

const picture = async (name) => {
  const bitmap = await createImageBitmap(await (await fetch(name)).blob());
  const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
  context.drawImage(bitmap, 0, 0);
  return context.getImageData(0, 0, bitmap.width, bitmap.height);
};

// Name and message of the error of some work, and whether it is one of the library.
const kind = async (work) => {
  const error = await work().then(() => new Error("nothing"), (reason) => reason);
  return [error.name, error.message, error instanceof aecodec.AecodecError];
};

// An element `aec-img` with attributes, on the page.
const make = (attributes = {}) => {
  const element = document.createElement("aec-img");
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  document.body.append(element);
  return element;
};
const event = (target, name) => new Promise((resolve) => target.addEventListener(name, resolve, { once: true }));
const cover = ({ shadowRoot }) => shadowRoot.querySelector("#preview");
const opacity = (element) => getComputedStyle(cover(element)).opacity;
const box = (element) => ["width", "height"].map((side) => element.getBoundingClientRect()[side]);
const drawing = (canvas) => digest(canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data);
const drawn = ({ shadowRoot }) => drawing(shadowRoot.querySelector("canvas"));

Object.assign(globalThis, aecodec, { aecodec, previews, toBare, fromBare, decodeSamples, samplesToImageData });
Object.assign(globalThis, { bytes, golden, digest, text, fromText, picture, kind, make, event, drawing, drawn });
Object.assign(globalThis, { cover, opacity, box });
