// What a program in TypeScript writes; it is compiled, not run.

import { AecodecError, decode, decodeFrames, encode, LimitError, loadCodec, readHeader, setCodecs } from "aecodec";
import type { Codec, Header, Progress } from "aecodec";
import { toBare } from "aecodec/bare";
import "aecodec/element";
import type {} from "aecodec/react";
import { averageColour, decodePreview, encodePreview, paintPreview, previewText, previewUrl, readRatio } from "aecodec/preview";
import type { JSX } from "react";

const attributes: JSX.IntrinsicElements["aec-img"] = { src: "a.aec", loading: "lazy", width: 9, inert: undefined };
setCodecs("/codecs");

async function show(context: CanvasRenderingContext2D, file: Blob, signal: AbortSignal): Promise<void> {
  const header: Header = await readHeader(file);
  const level: number | undefined = header.level;
  const codec: Codec = await loadCodec(new URL(`/codecs/${header.id}`, location.href));
  const onProgress = ({ done, of }: Progress): void => console.log(done / of, level);
  const picture: ImageData = await decode(file, { codec, maxPixels: 1e8, signal, onProgress });
  context.putImageData(picture, 0, 0);
  const packet: Uint8Array = await encode(picture, { codec, maxBytes: 237 });
  await fetch("/radio", { method: "POST", body: await toBare(packet) });
  const exact: Uint8Array = await encode(picture, { codec, maxError: [16, 0], signal });
  const base: ImageData = await decode(exact, { baseOnly: (await readHeader(exact)).hasBase });
  console.log(base.width);
  const frames: ImageData[] = await decodeFrames(packet);
  console.log(frames[0]!.width, codec.levels, codec.compresses, codec.tile.width);
}

const isTooLarge = (error: AecodecError): boolean => error instanceof LimitError;
const element = document.querySelector("aec-img");
element?.addEventListener("previewerror", ({ error }) => console.log(error.message));
console.log(element?.naturalWidth, element?.loading, attributes, show, isTooLarge);
paintPreview("YXZs11cveYaogXQqSwdlQGzRJUA", document.createElement("canvas"));
const ratio: number = readRatio(new Uint8Array(9));
console.log(ratio);

// @ts-expect-error: the codec is missing
void encode(new ImageData(1, 1), {});

export function preview(image: ImageData): ImageData {
  const text: string = previewText(encodePreview(image, 30));
  document.body.style.background = `${averageColour(text)} url(${previewUrl(text)})`;
  const { data, width, height } = decodePreview(text);
  return new ImageData(data, width, height);
}
