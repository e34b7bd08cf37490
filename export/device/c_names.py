"""Identifiers, comments, headers and arrays of the exported C files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from aecodec.format.container import LEVEL_UNITS

LICENCE = "/* SPDX-License-Identifier: Apache-2.0 */"


def codec_identifier(name: str) -> str:
    """Prefix of the identifiers of a codec, for all levels.

    >>> codec_identifier("My photo-4")
    'aecodec_my_photo_4'
    """
    return f"aecodec_{re.sub('[^a-z0-9]+', '_', name.lower()).strip('_') or 'codec'}"


def level_identifier(name: str, units: int) -> str:
    """The identifier of a level, which is in sixteenths.

    >>> level_identifier("digits", 32), level_identifier("digits", 40)
    ('aecodec_digits_level2', 'aecodec_digits_level2_5')
    """
    number = f"{units / LEVEL_UNITS:g}".replace(".", "_")
    return f"{codec_identifier(name)}_level{number}"


def in_comment(text: str) -> str:
    """A text that does not end a C comment."""
    return text.replace("*/", "* /")


def c_header(guard: str, comment: str, content: str, declaration: str = "") -> str:
    """A header for C and C++ that defines the macro `guard` and may declare a constant."""
    if declaration:
        content += f"""

#ifdef __cplusplus
extern "C" {{
#endif

extern {declaration};

#ifdef __cplusplus
}}
#endif"""
    return f"""{LICENCE}
/* {comment} */
#ifndef {guard}
#define {guard}

{content}

#endif
"""


def c_defines(prefix: str, values: Mapping[str, object]) -> str:
    return "\n".join(f"#define {prefix}_{name} {value}" for name, value in values.items())


def c_numbers(numbers: Iterable[str], per_line: int) -> str:
    items = [f"{number}," for number in numbers]
    lines = (" ".join(items[at : at + per_line]) for at in range(0, len(items), per_line))
    return "\n    ".join(lines)
