"""Generate the structures and functions of the public headers for Python and JavaScript.

Usage: python c/structures.py [PYTHON]

Writes `web/src/structures.js`, with what its modules name, or only the module of Python to a path:
`setup.py` writes `aecodec/native/structures.py` beside the library. It reads the style of
`aecodec_library.h`: no macros, bit fields or unions.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterator
from math import prod
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
HEADERS = (
    "c/core/aecodec.h",
    "c/core/aecodec_bands.h",
    "c/core/aecodec_network.h",
    "c/library/aecodec_library.h",
    "c/library/aecodec_fitting.h",
)
DEVICE_ONLY = {"row", "codec", "picture", "header", "bands", "network", "band", "codes"}
"""Structures that browsers do not use, and whose names are words there."""

JAVASCRIPT = ROOT / "web/src/structures.js"

_SCALARS = {
    "uint8_t": ("c_uint8", 1),
    "int8_t": ("c_int8", 1),
    "uint16_t": ("c_uint16", 2),
    "int16_t": ("c_int16", 2),
    "uint32_t": ("c_uint32", 4),
    "int32_t": ("c_int32", 4),
    "uint64_t": ("c_uint64", 8),
    "int64_t": ("c_int64", 8),
    "double": ("c_double", 8),
    "float": ("c_float", 4),
    "int": ("c_int", 4),
    "char": ("c_char", 1),
    "size_t": ("c_size_t", 4),  # in WebAssembly
}
_POINTER = ("c_void_p", 4)
_VIEWS = {
    "c_uint8": "Uint8",
    "c_char": "Char",
    "c_uint32": "Uint32",
    "c_size_t": "Uint32",
    "c_void_p": "Uint32",
    "c_uint64": "BigUint64",
    "c_double": "Float64",
}
"""Names of types in a `DataView` of WebAssembly's memory; "Char" for UTF-8."""

_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)
_STRUCT = re.compile(r"typedef struct \{(.*?)\} (\w+);", re.S)
_ENUM = re.compile(r"(?:typedef )?enum \{(.*?)\}", re.S)
_FUNCTION = re.compile(r"^([\w ]+?[ *]+)(aecodec_\w+)\(([^;{]*?)\);", re.M | re.S)
_TASK = re.compile(r"typedef (\w+) \(\*(\w+)\)\((.*?)\);", re.S)
_CALLBACK = re.compile(r"([\w ]+?)\(\*(\w+)\)\((.*)\)", re.S)
_OF_ARRAYS = re.compile(r"\(\*(\w+)\)\[\w+\]")
_DECLARATOR = re.compile(r"(\**)\s*(\w+)((?:\[\w+\])*)")


class Type(NamedTuple):
    """A type in ctypes, with its size and alignment in bytes in WebAssembly."""

    name: str
    size: int
    alignment: int


class Field(NamedTuple):
    name: str
    type: Type


class Headers:
    """What headers declare: constants, types of functions, structures, and functions."""

    def __init__(self) -> None:
        text = _COMMENT.sub("", "\n".join((ROOT / path).read_text() for path in HEADERS))
        self.constants = dict[str, int]()
        self._read_constants(text)
        self.structures: dict[str, list[Field]] = {}
        self.tasks = dict[str, str]()
        for result, name, parameters in _TASK.findall(text):
            self.tasks[name] = self._function(result, parameters)
        for body, name in _STRUCT.findall(text):
            self.structures[name] = [f for part in body.split(";") for f in self._fields(part)]
        self.functions = {
            name: (self._result(result), [self._parameter(p) for p in _split(parameters)])
            for result, name, parameters in _FUNCTION.findall(text)
        }

    def _read_constants(self, text: str) -> None:
        for body in _ENUM.findall(text):
            value = -1
            for item in filter(None, map(str.strip, body.split(","))):
                name, _, expression = (part.strip() for part in item.partition("="))
                value = eval(expression, dict(self.constants)) if expression else value + 1
                self.constants[name] = value

    def _fields(self, declaration: str) -> Iterator[Field]:
        declaration = _OF_ARRAYS.sub(r"*\1", re.sub("const |struct ", "", declaration))
        declaration = " ".join(declaration.split())
        if callback := _CALLBACK.fullmatch(declaration):
            result, name, parameters = callback.groups()
            yield Field(name, Type(self._function(result, parameters), _POINTER[1], _POINTER[1]))
        elif declaration:
            base, rest = declaration.split(" ", 1)
            for declarator in rest.split(","):
                yield self._field(base, declarator.strip())

    def _function(self, result: str, parameters: str) -> str:
        types = [self._result(result), *map(self._parameter, _split(parameters))]
        return f"CFUNCTYPE({', '.join(types)})"

    def _field(self, base: str, declarator: str) -> Field:
        match = _DECLARATOR.fullmatch(declarator)
        assert match, declarator
        stars, name, dimensions = match.groups()
        type_ = self._type(base, bool(stars))
        for dimension in reversed(re.findall(r"\w+", dimensions)):
            count = self.constants[dimension] if dimension in self.constants else int(dimension)
            type_ = Type(f"{type_.name} * {count}", type_.size * count, type_.alignment)
        return Field(name, type_)

    def _type(self, base: str, is_pointer: bool) -> Type:
        if base in self.structures and not is_pointer:
            size, alignment, _ = self.layout(base)
            return Type(_class_name(base), size, alignment)
        if base in self.tasks:
            return Type(_class_name(base), _POINTER[1], _POINTER[1])
        # enums are integers
        name, size = _POINTER if is_pointer else _SCALARS.get(base, ("c_int", 4))
        return Type(name, size, size)

    def _parameter(self, text: str) -> str:
        if "*" in text or "[" in text:
            return _POINTER[0]
        return self._type(text.replace("const ", "").split()[0], False).name

    def _result(self, text: str) -> str:
        text = text.replace("const ", "").replace("static ", "").replace("inline ", "").strip()
        if text.replace(" ", "") == "char*":
            return "c_char_p"
        return "None" if text == "void" else self._parameter(text)

    def layout(self, structure: str) -> tuple[int, int, dict[str, int]]:
        """Size, alignment and offsets of a structure in WebAssembly."""
        at, most, offsets = 0, 1, {}
        for name, (_, size, alignment) in self.structures[structure]:
            at = -(-at // alignment) * alignment
            offsets[name] = at
            at, most = at + size, max(most, alignment)
        return -(-at // most) * most, most, offsets


def _split(parameters: str) -> list[str]:
    """The parameters of a function; none for (void). A callback is one of them."""
    flat = re.sub(r"\([^()]*\)", lambda match: match[0].replace(",", ";"), parameters)
    return [part.strip() for part in flat.split(",") if part.strip() not in ("", "void")]


def _class_name(structure: str) -> str:
    return "".join(part.title() for part in _short(structure).split("_"))


def _place(at: int, type_: Type) -> str:
    """A field for JavaScript: [offset, type in `DataView`, and of an array its size]."""
    base, *counts = type_.name.split(" * ")
    count = [str(prod(map(int, counts)))] if counts else []
    return f"[{', '.join([str(at), repr(_VIEWS[base]), *count])}]".replace("'", '"')


def _short(name: str, prefix: str = "aecodec_") -> str:
    return name.removeprefix(prefix)


def python(headers: Headers) -> str:
    """The module for Python."""
    lines = [
        '"""Structures, constants and functions of libaecodec; generated by `c/structures.py`."""',
        "from ctypes import *",
        *(f"{_short(name, 'AECODEC_')} = {value}" for name, value in headers.constants.items()),
        *(f"{_class_name(name)} = {type_}" for name, type_ in headers.tasks.items()),
    ]
    for structure, fields in headers.structures.items():
        pairs = ", ".join(f'("{field.name}", {field.type.name})' for field in fields)
        lines.append(f"class {_class_name(structure)}(Structure): _fields_ = ({pairs},)")
    lines.append("FUNCTIONS = {")
    for name, (result, parameters) in headers.functions.items():
        lines.append(f'    "{name}": ({result}, ({"".join(p + ", " for p in parameters)})),')
    return "\n".join([*lines, "}", ""])


def javascript(headers: Headers, named: Collection[str]) -> str:
    """The module for JavaScript, with constants and structures of some names.

    Fields that are structures or functions are left out.
    """
    lines = ["// Structures of libaecodec in WebAssembly; generated by c/structures.py.", ""]
    lines.append("export const STRUCTURES = {")
    for structure, fields in headers.structures.items():
        if _short(structure) not in named or _short(structure) in DEVICE_ONLY:
            continue
        size, _, offsets = headers.layout(structure)
        places = ", ".join(
            f"{name}: {_place(offsets[name], type_)}"
            for name, type_ in fields
            if type_.name.split(" ")[0] in _VIEWS
        )
        lines.append(f"  {_short(structure)}: {{ size: {size}, fields: {{ {places} }} }},")
    lines += ["};", "", "export const CONSTANTS = {"]
    constants = ((_short(name, "AECODEC_"), n) for name, n in headers.constants.items())
    lines += [f"  {name}: {n}," for name, n in constants if name in named]
    return "\n".join([*lines, "};", ""])


def main() -> None:
    headers = Headers()
    if sys.argv[1:]:
        Path(sys.argv[1]).write_text(python(headers))
        return
    modules = [path for path in JAVASCRIPT.parent.glob("*.js") if path != JAVASCRIPT]
    words = set(re.findall(r"\w+", "\n".join(path.read_text() for path in modules)))
    JAVASCRIPT.write_text(javascript(headers, words))


if __name__ == "__main__":
    main()
