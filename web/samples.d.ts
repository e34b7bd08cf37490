import type { Bytes, DecodeOptions } from "./index.js";

export type SampleType =
  | "uint8" | "int8" | "uint16" | "int16" | "int32" | "float16" | "float32" | "uint32" | "int64" | "uint64" | "float64";
export type SampleArray =
  | Uint8Array | Int8Array | Uint16Array | Int16Array | Int32Array | Float32Array | Uint32Array
  | BigInt64Array | BigUint64Array | Float64Array;

/** Samples with bands: numbers in the order frames, height, width, bands. */
export interface Samples {
  width: number;
  height: number;
  /** Default: 1. */
  bands?: number;
  /** Default: 1. */
  frames?: number;
  /** Default: the type of the array. float16 needs a browser with Float16Array. */
  type?: SampleType;
  /** Axes of the source array, which the file keeps: F frames, H rows, W columns, B bands. */
  layout?: "HW" | "HWB" | "FHW" | "FHWB" | "BHW" | "FBHW";
  isBigEndian?: boolean;
  /** Value of missing samples. By default, they become NaN, or 0 in integer types. */
  nodata?: number;
  /** 1 for missing samples, with one element per pixel or per sample. NaN and nodata are always missing. */
  missing?: Uint8Array;
  samples: SampleArray;
}

export interface DecodedSamples extends Required<Omit<Samples, "nodata" | "missing">> {
  nodata?: number;
  missing?: Uint8Array;
  /** Number of planes of `missing`: 1, or one per band. */
  maskPlanes?: number;
}

export interface ShowOptions {
  /** One band for grey or three for RGB, numbered from 0. Default: the first three bands, or only the first if there are fewer. */
  bands?: [number] | [number, number, number];
  /** Number of the frame. Default: 0, the first frame. */
  frame?: number;
  /** Percentiles of the samples that become black and white. Default: [2, 98]. */
  percentiles?: [number, number];
}

/** Decodes the samples of a file with bands. Throws the errors of `decode`, and UsageError if the file has pixels. */
export function decodeSamples(data: Bytes, options?: DecodeOptions): Promise<DecodedSamples>;

/**
 * Converts bands of a frame to a picture, stretched between percentiles. NaN samples and samples in the mask `missing` become
 * transparent; without a mask, samples equal to `nodata` also do. Throws ImageError if a band or the frame does not exist.
 */
export function samplesToImageData(samples: Samples | DecodedSamples, options?: ShowOptions): ImageData;
