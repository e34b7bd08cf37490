// Bare payloads: files without signature, version, codec id and CRC-32, for places where the codec is known.

import { UsageError } from "./errors.js";
import { askAbout } from "./files.js";

export function toBare(data, { checksum = false } = {}) {
  return askAbout("toBare", data, { checksum });
}

export async function fromBare(data, { codec, checksum = false } = {}) {
  const id = codec?.id;
  if (!/^[0-9a-f]{8}$/.test(id)) throw new UsageError("there is no codec: pass the codec of the payload, such as { codec: await loadCodec(url) }");
  return askAbout("fromBare", data, { id, checksum });
}
