// What a program with zarrita.js writes in TypeScript; it is compiled, not run.

import { setCodecs } from "aecodec";
import { AecodecCodec } from "aecodec/zarr";
import { FetchStore, get, open, registry } from "zarrita";

setCodecs("/codecs");
registry.set("aecodec", async () => AecodecCodec);

const array = await open(new FetchStore("https://example.org/digits.zarr"), { kind: "array" });
const { data, shape } = await get(array);
console.log(data, shape);
