/**
 * Previews of 10 to 100 bytes, in browsers and on servers; this module imports nothing. A preview is its payload, or the text of it in
 * base64url. Functions that take one throw an `Error` with the name FormatError if it is damaged.
 */
export type Payload = Uint8Array | string;

/** 32x32 RGBA pixels, and the ratio of width to height. */
export type Preview = { width: number; height: number; data: Uint8ClampedArray<ArrayBuffer>; ratio: number };

/** Decodes a preview; the pixels are the same as in Python. */
export function decodePreview(preview: Payload): Preview;

/** The ratio of width to height. */
export function readRatio(preview: Payload): number;

/** The average colour of the visible pixels, such as `#804020`. */
export function averageColour(preview: Payload): string;

/** A data URL of the 32x32 pixels, to be stretched to the shape of the picture. */
export function previewUrl(preview: Payload): string;

/** Paints a preview on a canvas, enlarged to 128 pixels on its longer side and lightly blurred. Returns the canvas. */
export function paintPreview(preview: Payload, canvas: HTMLCanvasElement): HTMLCanvasElement;

/**
 * Encodes 8-bit RGBA pixels, such as an `ImageData`, in at most `maxBytes`, 40 by default: the same bytes as in Python for the same pixels.
 * Throws an `Error` with the name UsageError if `maxBytes` is below 10, or `data` has another size.
 */
export function encodePreview(image: { width: number; height: number; data: Uint8ClampedArray | Uint8Array }, maxBytes?: number): Uint8Array;

/** The text of a payload, in base64url. */
export function previewText(payload: Uint8Array): string;
