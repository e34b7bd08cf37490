import type { Bytes, Codec } from "./index.js";

/**
 * Converts a file to its bare payload, without signature, version, codec id and CRC-32. It is 11 bytes smaller, but the reader
 * must know the codec. `checksum` adds a byte. Throws FormatError (damaged), UsageError (the file has refinements).
 */
export function toBare(data: Bytes, options?: { checksum?: boolean }): Promise<Uint8Array<ArrayBuffer>>;

/**
 * Converts a bare payload to a file that `decode` accepts. Throws FormatError if the payload is empty or its checksum is
 * wrong, and UsageError if the codec is not loaded.
 */
export function fromBare(data: Bytes, options: { codec: Pick<Codec, "id">; checksum?: boolean }): Promise<Uint8Array<ArrayBuffer>>;
