import type { Bytes, Codec } from "./index.js";

/**
 * The bare payload of a file: 11 bytes fewer, without signature, version, codec id and CRC-32, for places where the
 * codec is known. With `checksum`, a byte more. Throws FormatError (damaged) and UsageError (the file has refinements).
 */
export function toBare(data: Bytes, options?: { checksum?: boolean }): Promise<Uint8Array<ArrayBuffer>>;

/**
 * The file of a bare payload, for `decode`. Throws FormatError if the payload is empty or its checksum is wrong, and
 * UsageError if the codec is not loaded.
 */
export function fromBare(data: Bytes, options: { codec: Pick<Codec, "id">; checksum?: boolean }): Promise<Uint8Array<ArrayBuffer>>;
