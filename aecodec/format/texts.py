"""Text forms of bytes, for pages, databases and radio messages: base64url and basE91."""

import string
from base64 import urlsafe_b64decode, urlsafe_b64encode
from enum import Enum

from aecodec.errors import FormatError

_BASE91 = string.ascii_uppercase + string.ascii_lowercase + string.digits
_BASE91 += '!#$%&()*+,./:;<=>?@[]^_`{|}~"'


class TextForm(Enum):
    """A form of bytes as printable ASCII characters.

    `BASE64URL` is that of RFC 4648 without padding: 4 characters for 3 bytes. `BASE91` is basE91 by
    Joachim Henke: about 16 characters for 13 bytes.
    """

    BASE64URL = "base64url"
    BASE91 = "base91"

    def encode(self, data: bytes) -> str:
        """Write bytes as a text.

        >>> TextForm.BASE64URL.encode(b"aecodec"), TextForm.BASE91.encode(b"aecodec")
        ('YWVjb2RlYw', 'MPX<5+JTG')
        """
        if self is TextForm.BASE91:
            return _to_base91(data)
        return urlsafe_b64encode(data).decode().rstrip("=")

    def decode(self, text: str) -> bytes:
        """Read the bytes of a text; raise FormatError if no encoder writes it.

        >>> TextForm.BASE64URL.decode("YWVjb2RlYw")
        b'aecodec'
        """
        try:
            data = _from_base91(text) if self is TextForm.BASE91 else _from_base64url(text)
        except ValueError:  # an unknown character or a wrong length
            data = None
        if data is None or self.encode(data) != text:
            other = next(form.value for form in TextForm if form is not self)
            raise FormatError(
                f"damaged: it is not a text in {self.value}; it may have been cut or changed, or "
                f"need --text {other}"
            )
        return data


def _from_base64url(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _to_base91(data: bytes) -> str:
    """Write 13 or 14 bits, the lowest first, as two characters.

    14 bits are possible if the lower 13 are at most 88, because 91 * 91 is 8192 + 89.
    """
    text, bits, count = "", 0, 0
    for byte in data:
        bits, count = bits | byte << count, count + 8
        if count > 13:
            taken = 13 if bits & 8191 > 88 else 14
            value = bits & (1 << taken) - 1
            text += _BASE91[value % 91] + _BASE91[value // 91]
            bits, count = bits >> taken, count - taken
    if count:
        text += _BASE91[bits % 91]
    if count > 7 or bits > 90:
        text += _BASE91[bits // 91]
    return text


def _from_base91(text: str) -> bytes:
    """Read the bits of each two characters; bits after the last whole byte are dropped."""
    data, bits, count = bytearray(), 0, 0
    digits = [_BASE91.index(character) for character in text]
    for start in range(0, len(digits), 2):
        pair = digits[start : start + 2]
        value = pair[0] + 91 * sum(pair[1:])
        taken = 13 if value & 8191 > 88 else 14
        bits |= value << count
        count += taken if len(pair) == 2 else 8 - count
        whole = count // 8 * 8
        data += (bits & (1 << whole) - 1).to_bytes(whole // 8, "little")
        bits, count = bits >> whole, count - whole
    return bytes(data)
