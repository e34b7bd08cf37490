/** Bytes of a file. */
export type Bytes = ArrayBuffer | ArrayBufferView | Blob;

/** Progress in windows of the picture, or in bytes of the codec. Calls with `maxBytes` or `maxError` do not report windows. */
export interface Progress {
  done: number;
  of: number;
  /** Whether the numbers count the bytes of all running downloads. */
  isDownload: boolean;
}

export interface JobOptions {
  /** Aborts the job; the promise is rejected with the signal's reason. */
  signal?: AbortSignal;
  onProgress?: (progress: Progress) => void;
}

export interface DecodeOptions extends JobOptions {
  /** The codec, or the URL of its folder. Default: the folder named by the file's codec id, at the URL of `setCodecs`. */
  codec?: Codec | string | URL;
  /** Limit for the pixels of all pictures. Default: 178,956,970, or less for small files, as in Python. */
  maxPixels?: number;
  /** Limit for the number of pictures. Default: one per 8 bytes, but at least 1000. */
  maxFrames?: number;
  /** Decode only the base picture of a file with refinements. */
  baseOnly?: boolean;
}

export type EncodeOptions = JobOptions & {
  /** 1 (smallest file) or higher; in steps of 1/16 if the codec has gains. Default: the codec's default level. */
  level?: number;
  /** Makes the best file with at most this many bytes. Shrinks the picture first if that gives a better result. Not with `level`. */
  maxBytes?: number;
} & (
  /** The codec, or the URL of its folder; by default, samples within errors are coded without one. */
  | { codec: Codec | string | URL; maxError?: undefined }
  /** The largest allowed error of a sample, in grey levels: 0 is lossless. Several errors, the largest first, make nested
   * refinements. The file is as small as possible; with `level`, it also contains the picture of that level. */
  | { codec?: Codec | string | URL; maxError: number | number[] }
);

/** The header of a file. */
export interface Header {
  /** Id of the file's codec, in 8 hexadecimal digits. */
  id: string;
  /** In pixels; 0 means the size of the codec's tile. */
  width: number;
  height: number;
  mode: "L" | "RGB" | "LA" | "RGBA";
  /** Undefined: the codec's default. */
  level?: number;
  /** Factor by which the sides were divided before coding: 1 or more. */
  reduction: number;
  frames: number;
  /** Whether the file contains samples of bands, for `decodeSamples` from `aecodec/samples`. */
  hasSamples: boolean;
  /** Whether the file has refinements, which guarantee a maximum error. */
  isRefined: boolean;
  /** The maximum errors of the last refinement, if any: one for all bands, or one per band. */
  bound?: { isRoot: boolean; errors: number[] };
  /** Whether `baseOnly` can decode a picture: false if the first refinement has no base. */
  hasBase: boolean;
}

/** A codec from `loadCodec`. Its parts are fetched when they are needed. */
export interface Codec {
  /** URL of the codec's folder. */
  readonly url: string;
  readonly id: string;
  readonly name: string;
  /** Size of a tile in pixels. */
  readonly tile: { width: number; height: number };
  /** 1 (grey) or 3 (RGB); all codecs accept grey and colour pictures. For codecs with bands, the number of bands. */
  readonly channels: number;
  /** Number of 8-bit channels of the networks per band; 0 for codecs without bands. */
  readonly phases: number;
  readonly levels: number;
  readonly defaultLevel: number;
  /** Whether there are levels between whole levels, in steps of 1/16. */
  readonly hasGains: boolean;
  /** Whether the codec is for pictures of any size, not for single tiles. */
  readonly anySize: boolean;
  /** Whether the codec has an encoder; without it, the codec only decompresses. */
  readonly compresses: boolean;
}

/**
 * Sets the URL of the folder that contains one folder per codec, named after its id. Default: `codecs` next to the page.
 */
export function setCodecs(url: string | URL): void;

/** Reads the header of a file and verifies the file's checksum. Throws FormatError. */
export function readHeader(data: Bytes): Promise<Header>;

/**
 * Loads a codec from the URL of its folder, which `aecodec web` writes under `codecs`. Fetches only the file `head`.
 * Throws InputError, CodecError.
 */
export function loadCodec(url: string | URL): Promise<Codec>;

/**
 * Decodes the first picture of a file, with straight alpha. Throws FormatError (damaged), LimitError (larger than the
 * limits), CodecError (wrong or missing codec), InputError (the codec cannot be fetched), UsageError (a limit below 1).
 */
export function decode(data: Bytes, options?: DecodeOptions): Promise<ImageData>;

/** Decodes all pictures of a file. Throws the errors of `decode`. */
export function decodeFrames(data: Bytes, options?: DecodeOptions): Promise<ImageData[]>;

/**
 * Encodes a picture as an `.aec` file. Grey pictures are stored as grey, and alpha only if a pixel is not opaque. Throws
 * UsageError (no such level, or too few bytes), CodecError (the codec has no encoder), ImageError, InputError.
 */
export function encode(imageData: ImageData, options: EncodeOptions): Promise<Uint8Array<ArrayBuffer>>;

/** Base class of every error that aecodec throws on purpose. The classes are the same as in Python. */
export class AecodecError extends Error {}
/** A call that contradicts itself, or asks for a level that the codec does not have. */
export class UsageError extends AecodecError {}
/** An image whose kind or size is not supported. */
export class ImageError extends AecodecError {}
/** Bytes that are not a complete, undamaged `.aec` file, or a file that this version cannot read. */
export class FormatError extends AecodecError {}
/** A codec that is damaged, or that is not the file's codec. */
export class CodecError extends AecodecError {}
/** A file that cannot be fetched. */
export class InputError extends AecodecError {}
/** An `.aec` file that claims more pixels or pictures than the caller accepts. */
export class LimitError extends AecodecError {}
