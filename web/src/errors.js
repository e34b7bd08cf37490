// Errors of the kinds that aecodec in Python raises. Whoever catches AecodecError catches all of them.

/** Base class of every error that aecodec throws on purpose. */
export class AecodecError extends Error {}

// What each kind means, index.d.ts says.
export class UsageError extends AecodecError {}
export class ImageError extends AecodecError {}
export class FormatError extends AecodecError {}
export class CodecError extends AecodecError {}
export class InputError extends AecodecError {}
export class LimitError extends AecodecError {}

const KINDS = { AecodecError, UsageError, ImageError, FormatError, CodecError, InputError, LimitError };
for (const [name, kind] of Object.entries(KINDS)) kind.prototype.name = name; // minifiers rename classes

/** An error as a plain object, which may cross to another thread. */
export function packError(error) {
  const isOurs = error instanceof AecodecError;
  const isAbort = error instanceof DOMException && error.name === "AbortError";
  return { kind: isOurs || isAbort ? error.name : "AecodecError", message: error.message };
}

/** The error that `packError` packed. */
export function unpackError({ kind, message }) {
  return kind === "AbortError" ? new DOMException(message, kind) : new KINDS[kind](message);
}
