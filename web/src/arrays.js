// Samples of bands as typed arrays.

/** The id of the codec that the library has without a file. */
export const SAMPLES = "53414d50";

// In the order of the numbers of types in files.
export const ARRAYS = {
  uint8: Uint8Array,
  int8: Int8Array,
  uint16: Uint16Array,
  int16: Int16Array,
  int32: Int32Array,
  float16: globalThis.Float16Array, // which older browsers lack
  float32: Float32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  float64: Float64Array,
};
