/** Configuration of the codec in the metadata of an array, as Python writes it. */
export interface AecodecConfiguration {
  /** Name of the codec, for messages. */
  codec: string;
  /** Id of the codec, in 8 hexadecimal digits; `setCodecs` says where its folder lies. */
  codec_id: string;
  level?: number;
  /** Number of bands; for codecs with bands. */
  bands?: number;
  nodata?: number | false;
  max_error?: unknown;
}

/** What zarrita states about the chunks of an array. */
export interface ChunkMetadata {
  dataType: string;
  shape: number[];
  codecs?: { name: string; configuration: Record<string, unknown> }[];
  fillValue?: unknown;
}

/**
 * The codec `aecodec` for `zarrita.registry`: `registry.set("aecodec", async () => AecodecCodec)`. zarrita wraps
 * the errors of its methods in a `CodecPipelineError`, as `cause`.
 */
export class AecodecCodec {
  /** Throws UsageError (a configuration that is not valid) and ImageError (chunks that are not pictures). */
  static fromConfig(configuration: unknown, meta: ChunkMetadata): AecodecCodec;

  readonly kind: "array_to_bytes";

  /**
   * The elements of a chunk, in C order. Throws CodecError (a chunk of another codec, or a codec that the host does not
   * have), FormatError (a damaged chunk, or one of another array) and InputError (the codec cannot be fetched).
   */
  decode(bytes: Uint8Array): Promise<any>;

  /** Throws UsageError: chunks are written in Python. */
  encode(chunk: any): Promise<never>;
}
