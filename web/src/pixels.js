// Pixels of the core to ImageData, and back. Alpha is straight in both.

import { ImageError } from "./errors.js";

/** ImageData of 8-bit RGBA as a picture of as few channels as it has: grey or RGB, with alpha where there is some.
 * Throws ImageError. */
export function fromImageData(value) {
  const { width, height, data } = value ?? {};
  if (!width || !height || data?.byteLength !== 4 * width * height) {
    throw new ImageError(`${value?.constructor?.name ?? value} is not 8-bit ImageData: draw the picture on a canvas and call getImageData`);
  }
  const words = new Uint32Array(data.slice().buffer); // alpha, blue, green, red
  const isGrey = words.every((word) => !((word ^ (word >> 8)) & 0xffff));
  const isOpaque = words.every((word) => word >= 0xff000000);
  const places = isGrey ? [0] : [0, 1, 2];
  if (!isOpaque) places.push(3);
  const channels = places.length;
  const pixels = new Uint8Array(width * height * channels);
  places.forEach((place, channel) => {
    for (let from = place, to = channel; from < data.length; from += 4, to += channels) pixels[to] = data[from];
  });
  return { width, height, channels, frames: 1, pixels };
}

/** One frame of a picture as ImageData. */
export function toImageData({ width, height, channels, pixels }, frame = 0) {
  const result = new ImageData(width, height);
  const { data } = result;
  const colours = channels < 3 ? [0, 0, 0] : [0, 1, 2];
  const hasAlpha = channels % 2 === 0;
  if (!hasAlpha) new Uint32Array(data.buffer).fill(0xff000000);
  const start = frame * width * height * channels;
  const places = hasAlpha ? [...colours, channels - 1] : colours;
  places.forEach((place, channel) => {
    for (let from = start + place, to = channel; to < data.length; from += channels, to += 4) data[to] = pixels[from];
  });
  return result;
}
