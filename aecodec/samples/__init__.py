"""Ten handwritten digits and a landscape to try the package on.

The digits are from the test set of "Optical Recognition of Handwritten Digits" by E. Alpaydin and
C. Kaynak, 1998 (UCI Machine Learning Repository, CC BY 4.0), as scikit-learn includes it, enlarged
from 8x8 to 28x28 by `tests/helpers/make_samples.py`. No codec that ships was trained on them. The
landscape is rendered by `tests/helpers/make_landscape.py`.
"""

from __future__ import annotations

from pathlib import Path


def sample_paths() -> list[Path]:
    """Paths of the sample images, sorted from digit 0 to digit 9.

    >>> [path.name for path in sample_paths()][:2]
    ['digit0.png', 'digit1.png']
    """
    return sorted(Path(__file__).parent.glob("digit*.png"))


def landscape_path() -> Path:
    """Path of the sample photograph, which is a rendered landscape of 768x512 pixels."""
    return Path(__file__).parent / "lake.jpg"
