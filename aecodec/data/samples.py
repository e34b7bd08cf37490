"""Ten handwritten digits to try the package with.

The digits are from the test set of "Optical Recognition of Handwritten Digits" by E. Alpaydin and
C. Kaynak, 1998 (UCI Machine Learning Repository, CC BY 4.0), as included in scikit-learn: the first
of each label, enlarged from 8x8 to 20x20 by bicubic interpolation, with doubled contrast, and with
its centre of mass in the centre of 28x28, as in MNIST. No built-in codec was trained on them.
"""

from pathlib import Path


def sample_paths() -> list[Path]:
    """Paths of the sample images, sorted from digit 0 to digit 9.

    >>> [path.name for path in sample_paths()][:2]
    ['digit0.png', 'digit1.png']
    """
    return sorted(Path(__file__).with_name("samples").glob("digit*.png"))
