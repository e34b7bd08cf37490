/** Arrays of the file `tables.bin`, which belongs to the Python package `aecodec`. */
export type Tables = Readonly<Record<string, Int8Array | Uint8Array | Int16Array | Uint16Array>>;

/** Throws FormatError if the tables have another size. */
export function readTables(buffer: ArrayBuffer): Tables;

/** 32x32 RGBA pixels, and the ratio of width to height, or null if the payload does not have it. Throws FormatError. */
export function decodePreview(
  payload: Uint8Array,
  tables: Tables,
): { width: number; height: number; data: Uint8ClampedArray<ArrayBuffer>; ratio: number | null };
