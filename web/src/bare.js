// Bare payloads: files of version 1 without signature, version, codec id and CRC-32 (FORMAT, section 9).

import { FormatError, UsageError } from "./errors.js";

const START = [0xae, 0x43, 1];
const [BEFORE, AFTER] = [START.length + 4, 4];

/** The bare payload of a file, with a checksum of one byte or without. */
export function payloadOf(file, checksum) {
  const isFile = START.every((byte, at) => file[at] === byte) && file.length > BEFORE + AFTER;
  if (file[2] === 2) throw new UsageError("a file with refinements has no bare payload");
  if (!isFile || crc32(file) !== CRC_32_OF_A_FILE) throw new FormatError("not a whole .aec file, or damaged");
  const payload = file.slice(BEFORE, -AFTER);
  if (!checksum) return payload;
  return Uint8Array.from([...payload, crc8([...file.subarray(START.length, BEFORE), ...payload])]);
}

/** The file of a bare payload. `id` is that of its codec, in 8 hexadecimal digits. */
export function fileOf(payload, id, checksum) {
  if (!/^[0-9a-f]{8}$/.test(id)) throw new UsageError("say which codec: { codec: await loadCodec(url) }");
  const codecId = id.match(/../g).map((digits) => parseInt(digits, 16));
  const content = checksum ? payload.subarray(0, -1) : payload;
  if (checksum && payload[content.length] !== crc8([...codecId, ...content]))
    throw new FormatError("damaged: the checksum of the bare payload is wrong");
  if (!content.length) throw new FormatError("damaged: a bare payload has at least 1 byte without its checksum");
  const file = Uint8Array.from([...START, ...codecId, ...content, 0, 0, 0, 0]);
  new DataView(file.buffer).setUint32(file.length - AFTER, crc32(file.subarray(0, -AFTER)), true);
  return file;
}

const CRC_32_OF_A_FILE = 0x2144df1c; // of any bytes that end with their own CRC-32

const crc32 = (bytes) => ~crcOf(bytes, ~0, (crc) => (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)) >>> 0;
const crc8 = (bytes) => crcOf(bytes, 0, (crc) => (crc << 1) ^ (crc & 128 ? 0x107 : 0));

function crcOf(bytes, start, afterBit) {
  let crc = start;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = afterBit(crc);
  }
  return crc;
}
