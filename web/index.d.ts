/** Bytes of a file. */
export type Bytes = ArrayBuffer | ArrayBufferView | Blob;

/** How much is done: windows of the picture, or bytes of the codec. Files within `maxBytes` or `maxError` have no windows. */
export interface Progress {
  done: number;
  of: number;
  /** Whether bytes are counted, of all downloads that run. */
  isDownload: boolean;
}

export interface JobOptions {
  /** Ends the work: the promise is rejected with the signal's reason. */
  signal?: AbortSignal;
  onProgress?: (progress: Progress) => void;
}

export interface DecodeOptions extends JobOptions {
  /** The codec, or the URL of its folder. Default: the folder of the file's codec id, where `setCodecs` says. */
  codec?: Codec | string | URL;
  /** Most pixels of all pictures. Default: 178,956,970, and fewer of a file of few bytes, as in Python. */
  maxPixels?: number;
  /** Most pictures. Default: one for each 8 bytes, and 1000 in any case. */
  maxFrames?: number;
  /** Decode the base of a file with refinements, not its refinements. */
  baseOnly?: boolean;
}

/** Give one of them. */
export interface LevelOrBytes {
  /** 1, the smallest file, and up; in sixteenths if the codec has gains. Default: the codec's own. */
  level?: number;
  /** Most bytes of the file: the best such file is made, of fewer pixels where that is better. */
  maxBytes?: number;
}

export interface CodecOptions extends JobOptions, LevelOrBytes {
  /** The codec, or the URL of its folder. */
  codec: Codec | string | URL;
  maxError?: undefined;
}

export interface ErrorOptions extends JobOptions, LevelOrBytes {
  /** The largest error of a sample, in grey levels: 0 is lossless. Several, the coarsest first, make nested refinements.
   * The smallest such file is made; with `level`, it also has the picture of that level. Not with `maxBytes`. */
  maxError: number | number[];
  /** The codec, or the URL of its folder; by default, samples are coded without one. */
  codec?: Codec | string | URL;
}

export type EncodeOptions = CodecOptions | ErrorOptions;

/** What a file says of itself. */
export interface Header {
  /** Id of its codec, in 8 hexadecimal digits. */
  id: string;
  /** In pixels; 0 stands for the codec's tile. */
  width: number;
  height: number;
  mode: "L" | "RGB" | "LA" | "RGBA";
  /** Undefined: the codec's default. */
  level?: number;
  /** By how much the sides were reduced before coding; 1 if they were not. */
  reduction: number;
  frames: number;
  /** Whether it has samples of bands, for `decodeSamples` of `aecodec/samples`. */
  hasSamples: boolean;
  /** Whether it has refinements, which guarantee a maximum error. */
  isRefined: boolean;
  /** Of a refined file: the maximum errors of its last refinement, one for all bands or one for each. */
  bound?: { isRoot: boolean; errors: number[] };
  /** Whether `baseOnly` gives a picture: false if a first refinement has no base. */
  hasBase: boolean;
}

/** A codec, of which those parts are fetched that are used. `loadCodec` makes one. */
export interface Codec {
  /** URL of its folder. */
  readonly url: string;
  readonly id: string;
  readonly name: string;
  /** Size of a tile in pixels. */
  readonly tile: { width: number; height: number };
  /** 1 (grey) or 3; both kinds of codec code both kinds of pictures. With phases, the number of bands. */
  readonly channels: number;
  /** 0, or how many 8-bit channels of its networks stand for a sample of a band. */
  readonly phases: number;
  readonly levels: number;
  readonly defaultLevel: number;
  /** Whether there are levels between two, in sixteenths. */
  readonly hasGains: boolean;
  /** Whether it is for pictures of any size, and not for single tiles. */
  readonly anySize: boolean;

  /** Whether its encoder is there; without it, it only decompresses. */
  readonly compresses: boolean;
}

/**
 * Says where codecs lie, each in a folder named by its id. Unless this is called, that is `codecs` beside the page.
 */
export function setCodecs(url: string | URL): void;

/** Reads the header of a file and checks the checksum. Throws FormatError. */
export function readHeader(data: Bytes): Promise<Header>;

/**
 * Loads a codec from the folder of a URL, as `aecodec web` writes it under `codecs`. Only its head is fetched now.
 * Throws InputError, CodecError.
 */
export function loadCodec(url: string | URL): Promise<Codec>;

/**
 * The first picture of a file, with straight alpha. Throws FormatError (damaged), LimitError (it claims more than
 * you accept), CodecError (of another codec), InputError (the codec cannot be fetched), UsageError (a limit below 1).
 */
export function decode(data: Bytes, options?: DecodeOptions): Promise<ImageData>;

/** All pictures of a file. Throws what `decode` throws. */
export function decodeFrames(data: Bytes, options?: DecodeOptions): Promise<ImageData[]>;

/**
 * A picture as an `.aec` file. Grey pictures are stored as grey, and alpha only where there is some. Throws
 * UsageError (no such level, or no file of so few bytes), CodecError (the codec has no encoder), ImageError, InputError.
 */
export function encode(imageData: ImageData, options: EncodeOptions): Promise<Uint8Array<ArrayBuffer>>;

/** Base class of every error that aecodec throws on purpose; the kinds are those of Python. */
export class AecodecError extends Error {}
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
