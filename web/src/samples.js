// Samples of bands: files of codecs with bands as typed arrays, and as pictures.

import { ARRAYS } from "./arrays.js";
import { ImageError, UsageError } from "./errors.js";
import { decodeFile } from "./files.js";

export async function decodeSamples(data, options) {
  const decoded = await decodeFile(data, options);
  if (!decoded.samples) throw new UsageError("the file contains pixels, not samples of bands: use decode");
  const SampleArray = ARRAYS[decoded.type];
  if (!SampleArray) throw new UsageError("this browser has no Float16Array: use a newer browser");
  return { ...decoded, samples: new SampleArray(decoded.samples.buffer) };
}

/** One band as grey, or three as RGB, each stretched between percentiles of its samples in this frame. Missing
 * samples are transparent. */
export function samplesToImageData(samples, { bands, frame = 0, percentiles = [2, 98] } = {}) {
  const source = { bands: 1, frames: 1, ...samples };
  const chosen = bands ?? (source.bands < 3 ? [0] : [0, 1, 2]);
  if (![1, 3].includes(chosen.length) || chosen.some((band) => !(band in Array.from({ length: source.bands })))) {
    throw new ImageError(`bands is ${chosen}: use one or three numbers from 0 to ${source.bands - 1}`);
  }
  if (!(frame in Array.from({ length: source.frames }))) throw new ImageError(`frame is ${frame}: use a number from 0 to ${source.frames - 1}`);
  const image = new ImageData(source.width, source.height);
  new Uint32Array(image.data.buffer).fill(0xff000000);
  const planes = chosen.map((band) => stretched(source, frame, band, percentiles));
  [0, 1, 2].forEach((colour) => {
    const { values, isMissing } = planes[colour % planes.length];
    values.forEach((value, pixel) => {
      image.data[4 * pixel + colour] = value;
      if (isMissing(pixel)) image.data[4 * pixel + 3] = 0;
    });
  });
  return image;
}

// A band of a frame in 0 to 255.
function stretched(source, frame, band, [low, high]) {
  const pixels = source.width * source.height;
  const planes = source.missing ? source.missing.length / (source.frames * pixels) : 0;
  const at = (pixel) => Number(source.samples[(frame * pixels + pixel) * source.bands + band]);
  const isNodata = (value) => Number.isNaN(value) || (!planes && value === source.nodata);
  const isMissing = (pixel) => isNodata(at(pixel)) || (planes > 0 && source.missing[(frame * pixels + pixel) * planes + (planes > 1 ? band : 0)] !== 0);
  const plane = Float32Array.from({ length: pixels }, (_, pixel) => at(pixel));
  const known = plane.filter((value, pixel) => !isMissing(pixel)).sort();
  const rank = (percent) => known[Math.round((percent / 100) * (known.length - 1))] ?? 0;
  const [least, range] = [rank(low), rank(high) - rank(low) || 1];
  const values = Uint8ClampedArray.from(plane, (value) => (255 * (value - least)) / range);
  return { values, isMissing };
}
