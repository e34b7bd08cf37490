import type { Bytes, Codec } from "./index.js";

/**
 * Converts a file to its bare payload, which lacks signature, version, codec id and CRC-32: 11 bytes fewer, if the
 * reader knows the codec. `checksum` adds a byte. Throws FormatError (damaged), UsageError (the file has refinements).
 */
export function toBare(data: Bytes, options?: { checksum?: boolean }): Promise<Uint8Array<ArrayBuffer>>;

/**
 * Converts a bare payload to its file, for `decode`. Throws FormatError if the payload is empty or its checksum is
 * wrong, and UsageError if the codec is not loaded.
 */
export function fromBare(data: Bytes, options: { codec: Pick<Codec, "id">; checksum?: boolean }): Promise<Uint8Array<ArrayBuffer>>;
