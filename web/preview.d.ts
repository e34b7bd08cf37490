/**
 * Previews of 10 to 100 bytes, in browsers and on servers; this module imports nothing. A preview is a payload of bytes, or the payload
 * as base64url text. If a preview is damaged, the functions that read it throw an `Error` with the name FormatError.
 */
export type Payload = Uint8Array | string;

/** 32x32 RGBA pixels, and the ratio of width to height. */
export type Preview = { width: number; height: number; data: Uint8ClampedArray<ArrayBuffer>; ratio: number };

/** Decodes a preview to the same pixels as in Python. */
export function decodePreview(preview: Payload): Preview;

/** The ratio of width to height. */
export function readRatio(preview: Payload): number;

/** The average colour of the visible pixels, such as `#804020`. */
export function averageColour(preview: Payload): string;

/** A data URL of the 32x32 pixels. Stretch them to the shape of the picture. */
export function previewUrl(preview: Payload): string;

/** Paints a preview on a canvas, with 128 pixels on its longer side and slightly blurred. Returns the canvas. */
export function paintPreview(preview: Payload, canvas: HTMLCanvasElement): HTMLCanvasElement;

/**
 * Encodes 8-bit RGBA pixels, such as an `ImageData`, in at most `maxBytes` bytes (default: 40). For the same pixels, Python returns the same
 * bytes. Throws an `Error` with the name UsageError if `maxBytes` is below 10, or `data` has the wrong size.
 */
export function encodePreview(image: { width: number; height: number; data: Uint8ClampedArray | Uint8Array }, maxBytes?: number): Uint8Array;

/** Converts a payload to base64url text. */
export function previewText(payload: Uint8Array): string;
