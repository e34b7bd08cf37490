import type { Bytes, DecodeOptions } from "./index.js";

export type SampleType =
  | "uint8" | "int8" | "uint16" | "int16" | "int32" | "float16" | "float32" | "uint32" | "int64" | "uint64" | "float64";
export type SampleArray =
  | Uint8Array | Int8Array | Uint16Array | Int16Array | Int32Array | Float32Array | Uint32Array
  | BigInt64Array | BigUint64Array | Float64Array;

/** Samples of some bands: frames x height x width x bands numbers. */
export interface Samples {
  width: number;
  height: number;
  /** Default: 1. */
  bands?: number;
  /** Default: 1. */
  frames?: number;
  /** Default: that of the array. float16 needs a browser with Float16Array. */
  type?: SampleType;
  /** Axes of the source array, which the file keeps: F frames, H rows, W columns, B bands. */
  layout?: "HW" | "HWB" | "FHW" | "FHWB" | "BHW" | "FBHW";
  isBigEndian?: boolean;
  /** Value of missing samples. Without one, they are NaN, or 0 of integer types. */
  nodata?: number;
  /** 1 for missing samples, for each pixel or for each sample. NaN and nodata are missing in any case. */
  missing?: Uint8Array;
  samples: SampleArray;
}

export interface DecodedSamples extends Required<Omit<Samples, "nodata" | "missing">> {
  nodata?: number;
  missing?: Uint8Array;
  /** Planes of `missing`: 1, or as many as there are bands. */
  maskPlanes?: number;
}

export interface ShowOptions {
  /** One band for grey, or three for RGB, counted from 0. Default: the first three, or the first one of fewer. */
  bands?: [number] | [number, number, number];
  /** Default: 0, the first. */
  frame?: number;
  /** Samples that become black and full brightness. Default: [2, 98]. */
  percentiles?: [number, number];
}

/** The samples of a file with bands. Throws what `decode` throws, and UsageError if the file has pixels. */
export function decodeSamples(data: Bytes, options?: DecodeOptions): Promise<DecodedSamples>;

/**
 * Selected bands of a frame as a picture, stretched between percentiles. NaN and samples in the mask `missing`, or
 * without a mask those that are `nodata`, are transparent. Throws ImageError if there is no such band or frame.
 */
export function samplesToImageData(samples: Samples | DecodedSamples, options?: ShowOptions): ImageData;
