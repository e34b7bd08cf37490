"""The package writes and reads the bare payloads of Python."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from helpers.documents import ROOT

from aecodec.errors import FormatError
from aecodec.format.bare import from_bare, to_bare

MODULE = ROOT / "web" / "src" / "bare.js"
GOLDEN = ROOT / "tests" / "golden"
SCRIPT = """
import { fileOf, payloadOf } from "MODULE";
import { readFileSync } from "node:fs";
function attempt(work) {
  try { return Buffer.from(work()).toString("hex"); } catch (error) { return error.name; }
}
const { files, payloads } = JSON.parse(readFileSync(0, "utf-8"));
const bytesOf = (hex) => new Uint8Array(Buffer.from(hex, "hex"));
console.log(JSON.stringify([
  files.map((hex) => [false, true].map((sum) => attempt(() => payloadOf(bytesOf(hex), sum)))),
  payloads.map(([hex, id, checksum]) => attempt(() => fileOf(bytesOf(hex), id, checksum))),
]));
"""


def converted(files: list[bytes], payloads: list[tuple[str, str, bool]]) -> list[list[object]]:
    """Convert files with and without a checksum, and payloads, in Node."""
    if not shutil.which("node"):
        pytest.skip("needs node")
    command = ["node", "--input-type=module", "-e", SCRIPT.replace("MODULE", MODULE.as_uri())]
    values = json.dumps({"files": [file.hex() for file in files], "payloads": payloads})
    done = subprocess.run(command, input=values, capture_output=True, text=True, check=True)
    return list(json.loads(done.stdout))


def test_golden_files_have_the_payloads_of_python() -> None:
    files = [path.read_bytes() for path in sorted(GOLDEN.glob("*.aec"))]
    bare = [[to_bare(file), to_bare(file, checksum=True)] for file in files]
    payloads = [
        (payload.hex(), file[3:7].hex(), checksum)
        for file, pair in zip(files, bare, strict=True)
        for checksum, payload in enumerate(pair)
    ]
    written, read = converted(files, [(hex_, id_, bool(n)) for hex_, id_, n in payloads])
    assert written == [[payload.hex() for payload in pair] for pair in bare]
    assert read == [file.hex() for file in files for _ in range(2)]


def test_damage_is_an_error() -> None:
    file = (GOLDEN / "digit3.aec").read_bytes()
    refined = next(Path(GOLDEN / "refined").glob("*.aec")).read_bytes()
    payload, codec_id = to_bare(file, checksum=True), file[3:7]
    with pytest.raises(FormatError):
        from_bare(payload[:-1], codec_id, checksum=True)
    written, read = converted(
        [file[:-1], b"", refined],
        [(payload[:-1].hex(), codec_id.hex(), True), (payload.hex(), "00000000", True)]
        + [("", codec_id.hex(), checksum) for checksum in (False, True)],
    )
    assert written == [["FormatError"] * 2, ["FormatError"] * 2, ["UsageError"] * 2]
    assert read == ["FormatError"] * 4
