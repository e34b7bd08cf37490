// Errors of the kinds that aecodec in Python raises. Whoever catches AecodecError catches all of them.

/** Base class of every error that aecodec throws on purpose. */
export class AecodecError extends Error {
  get name() {
    return this.constructor.name;
  }
}

/** A call that contradicts itself, or asks for a level that the codec does not have. */
export class UsageError extends AecodecError {}

/** An image of a kind or a size that is not supported. */
export class ImageError extends AecodecError {}

/** Bytes that are not a whole, undamaged `.aec` file that this version can read. */
export class FormatError extends AecodecError {}

/** A codec that is damaged, or not the one that made the file. */
export class CodecError extends AecodecError {}

/** Something that cannot be fetched. */
export class InputError extends AecodecError {}

/** An `.aec` file that claims more pixels or pictures than the caller accepts. */
export class LimitError extends AecodecError {}

const KINDS = { AecodecError, UsageError, ImageError, FormatError, CodecError, InputError, LimitError };

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
