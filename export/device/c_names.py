"""Identifiers, comments and licence line of exported C."""

from __future__ import annotations

import re

from aecodec.format.container import LEVEL_UNITS

LICENCE = "/* SPDX-License-Identifier: Apache-2.0 */"
"""First line of every C file."""


def codec_identifier(name: str) -> str:
    """Prefix of the identifiers that all levels of a codec share.

    >>> codec_identifier("My photo-2")
    'aecodec_my_photo_2'
    """
    return f"aecodec_{re.sub('[^a-z0-9]+', '_', name.lower()).strip('_') or 'codec'}"


def level_identifier(name: str, units: int) -> str:
    """The identifier of one level of a codec.

    Args:
        name: name of the codec.
        units: the level in sixteenths.

    >>> level_identifier("digits", 32), level_identifier("digits", 40)
    ('aecodec_digits_level2', 'aecodec_digits_level2_5')
    """
    number = f"{units / LEVEL_UNITS:g}".replace(".", "_")
    return f"{codec_identifier(name)}_level{number}"


def in_comment(text: str) -> str:
    """A text that does not end a C comment.

    >>> in_comment("a */ b")
    'a * / b'
    """
    return text.replace("*/", "* /")
