"""The npm package: its binary, its type declarations, and the files that it names."""

from __future__ import annotations

import gzip
import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from helpers.documents import ROOT, blocks_of

from aecodec.base.version import version
from aecodec.preview.tables import PATH
from c.wasm import build

WEB = ROOT / "web"
REACT = """export namespace JSX { interface IntrinsicElements { div: object } }
export interface ClassAttributes<T> { ref?: T } export interface HTMLAttributes<T> { inert?: T }
"""
OPTIONS = "--noEmit --strict --noUnusedLocals --preserveSymlinks"
LANGUAGE = "--module nodenext --target es2022 --lib es2022,dom"


@pytest.mark.skipif(not shutil.which("tsc"), reason="needs npm install --global typescript")
def test_a_program_in_typescript_compiles(tmp_path: Path) -> None:
    modules = tmp_path / "node_modules"
    modules.mkdir()
    (modules / "aecodec").symlink_to(WEB)
    (modules / "react").mkdir()
    (modules / "react" / "index.d.ts").write_text(REACT)
    (modules / "react" / "package.json").write_text('{"types": "index.d.ts"}')
    (tmp_path / "package.json").write_text('{"type": "module"}')
    shutil.copy(Path(__file__).with_name("usage.ts"), tmp_path)
    snippets = [block for block in blocks_of(ROOT / "docs/web.md") if block.language == "ts"]
    (tmp_path / "page.ts").write_text("".join(block.text for block in snippets))
    command = ["tsc", *OPTIONS.split(), *LANGUAGE.split(), "usage.ts", "page.ts"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_declarations_have_all_that_the_modules_export() -> None:
    errors = re.findall(r"^export class (\w+)", (WEB / "src/errors.js").read_text(), re.MULTILINE)
    for name in ("index", "bare", "samples"):
        module = (WEB / "src" / f"{name}.js").read_text()
        exported = re.findall(r"^export (?:(?:async )?function|\{) (\w+)", module, re.MULTILINE)
        declarations = (WEB / f"{name}.d.ts").read_text()
        declared = re.findall(r"^export (?:function|class) (\w+)", declarations, re.MULTILINE)
        assert {*declared} == {*exported, *(errors if name == "index" else [])}


@pytest.mark.skipif(not shutil.which("node"), reason="needs Node.js")
@pytest.mark.parametrize("name", ["index", "bare", "samples", "element", "preview"])
def test_a_server_can_import_the_modules(name: str) -> None:
    subprocess.run(["node", WEB / "src" / f"{name}.js"], check=True)


def test_the_package_has_the_version_of_the_project_and_its_files() -> None:
    package = json.loads((WEB / "package.json").read_text())
    assert package["version"] == version()
    assert package["repository"] in (ROOT / "pyproject.toml").read_text("utf-8")
    assert all([*WEB.glob(name)] for name in package["files"])
    for entry in package["exports"].values():
        assert all((WEB / name).is_file() for name in entry.values())


def test_previews_need_one_module_with_all_tables_of_at_most_45_kb() -> None:
    module = (WEB / "src" / "preview.js").read_text()
    letters = [chr(81 + value).replace("\\", "#") for value in np.fromfile(PATH, np.int8).tolist()]
    assert module.endswith(f'\nconst tables = readTables("{"".join(letters)}");\n')
    assert "import" not in re.findall(r"^\w+", module, re.MULTILINE)
    assert len(gzip.compress(module.encode(), 9)) <= 45_000


def test_the_binary_states_the_sources_that_lie_here() -> None:
    stated = build.stated_fingerprint(build.BINARY.read_bytes())
    assert stated == build.fingerprint(), "outdated: python c/wasm/build.py"


@pytest.mark.slow
def test_the_sources_give_the_same_bytes_again(tmp_path: Path) -> None:
    pytest.importorskip("ziglang", reason=f"needs pip install ziglang=={build.COMPILER}")
    build.build(tmp_path / "again.wasm")
    assert (tmp_path / "again.wasm").read_bytes() == build.BINARY.read_bytes()
