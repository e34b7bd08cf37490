"""The sections of a new codec file."""

from collections.abc import Mapping, Sequence

from aecodec.arrays import Pixels
from aecodec.codec_files.codec_file import (
    NETWORKS,
    Section,
    SectionKind,
    bands_section,
    can_prime,
    primer_section,
)
from aecodec.codec_files.file_names import Half
from aecodec.codec_files.spec import CodecSpec
from aecodec.imaging.transfer import Transfer
from aecodec.prior_fitting.level_section import level_section
from aecodec.prior_fitting.prior import Prior


def sections_of(
    spec: CodecSpec,
    plans: Mapping[Half, bytes],
    priors: Sequence[Prior],
    transfer: Transfer | None = None,
    pictures: Pixels | None = None,
) -> list[Section]:
    """Make the sections of a codec file.

    Small ones of the pictures (N, H, W, C) become its primer.
    """
    sections = [bands_section(spec.bands, transfer)] if spec.bands and transfer else []
    sections += [Section.of(NETWORKS[half], plan) for half, plan in plans.items()]
    sections += [
        Section.of(SectionKind.LEVEL, level_section(prior, number), number)
        for number, prior in enumerate(priors, start=1)
    ]
    if pictures is not None and can_prime(pictures):
        sections.append(primer_section(pictures))
    return sections
