/** Arrays of the file `tables.bin`, which is `src/tables.bin.gz` in this package. */
export type Tables = Readonly<Record<string, Int8Array | Uint8Array | Int16Array | Uint16Array>>;

/** 32x32 RGBA pixels, and the ratio of width to height, or null if the payload does not have it. */
export type Preview = { width: number; height: number; data: Uint8ClampedArray<ArrayBuffer>; ratio: number | null };

/** Throws FormatError if the tables have another size. */
export function readTables(buffer: ArrayBuffer): Tables;

/** The tables of this package, fetched once per page. Rejects with InputError if they cannot be fetched. */
export function loadTables(): Promise<Tables>;

/** Decodes a payload, or its text in base64url. Throws FormatError. */
export function decodePreview(preview: Uint8Array | string, tables: Tables): Preview;

/** The ratio of width to height, or null; it needs no tables. Throws FormatError. */
export function readRatio(preview: Uint8Array | string): number | null;

/** Paints a preview on a canvas, enlarged to 128 pixels on its longer side, and returns the canvas. */
export function paintPreview(preview: Preview, canvas: HTMLCanvasElement): HTMLCanvasElement;
