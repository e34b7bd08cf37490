"""The package writes and reads the bare payloads of Python."""

import json
import subprocess

from helpers.codecs.golden import GOLDEN, codec_of
from helpers.documents import ROOT
from helpers.programs import needs

WEB = ROOT / "web" / "src"
SCRIPT = """
import { Core } from "WEB/core.js";
import { readFileSync } from "node:fs";
const core = new Core(await WebAssembly.compile(readFileSync(new URL("WEB/aecodec.wasm"))));
function attempt(work) {
  try { return Buffer.from(work()).toString("hex"); } catch (error) { return error.name; }
}
const { files, payloads } = JSON.parse(readFileSync(0, "utf-8"));
const bytesOf = (hex) => new Uint8Array(Buffer.from(hex, "hex"));
console.log(JSON.stringify([
  files.map((hex) => [false, true].map((sum) => attempt(() => core.toBare(bytesOf(hex), sum)))),
  payloads.map(([hex, id, sum]) => attempt(() => core.fromBare(bytesOf(hex), id, sum))),
]));
"""


def converted(files: list[bytes], payloads: list[tuple[str, str, bool]]) -> list[list[object]]:
    """Convert files with and without a checksum, and payloads, in Node."""
    needs("node")
    command = ["node", "--input-type=module", "-e", SCRIPT.replace("WEB", WEB.as_uri())]
    values = json.dumps({"files": [file.hex() for file in files], "payloads": payloads})
    done = subprocess.run(command, input=values, capture_output=True, text=True, check=True)
    return list(json.loads(done.stdout))


def test_golden_files_have_the_payloads_of_python() -> None:
    files = [path.read_bytes() for path in sorted(GOLDEN.glob("*.aec"))]
    sums = (False, True)
    bare = [
        [codec_of(file).to_bare(file, checksum=checksum) for checksum in sums] for file in files
    ]
    payloads = [
        (payload.hex(), file[3:7].hex(), checksum)
        for file, pair in zip(files, bare, strict=True)
        for checksum, payload in zip(sums, pair, strict=True)
    ]
    written, read = converted(files, payloads)
    assert written == [[payload.hex() for payload in pair] for pair in bare]
    assert read == [file.hex() for file in files for _ in sums]


def test_damage_is_an_error() -> None:
    file = (GOLDEN / "digit3.aec").read_bytes()
    refined = next((GOLDEN / "refined").glob("*.aec")).read_bytes()
    payload, codec_id = codec_of(file).to_bare(file, checksum=True).hex(), file[3:7].hex()
    written, read = converted(
        [file[:-1], b"", refined],
        [(payload[:-2], codec_id, True), (payload, "00000000", True)]
        + [("", codec_id, checksum) for checksum in (False, True)],
    )
    assert written == [["FormatError"] * 2, ["FormatError"] * 2, ["UsageError"] * 2]
    assert read == ["FormatError"] * 4
