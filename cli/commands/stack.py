"""`aecodec stack`: pictures of equal size to one .aec file."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from aecodec.base.errors import UsageError, errors_about, warn
from aecodec.base.parallel import Workers
from aecodec.cli.batch.compress_options import CodingOptions
from aecodec.cli.shared import options
from aecodec.cli.shared.console import Console, name_of
from aecodec.cli.shared.discovery import IMAGES, STANDARD, expand, is_folder_at
from aecodec.cli.shared.file_io import ExistsError, check_overwriting
from aecodec.cli.shared.jobs import check_not_sources, folder_beside, is_folder
from aecodec.cli.shared.pictures import read_picture
from aecodec.image_files.colour import in_kept_colours
from aecodec.imaging.picture import Picture
from aecodec.imaging.stacks import shared_metadata, stacked


@dataclass(frozen=True, kw_only=True)
class StackOptions(CodingOptions):
    """The options of `aecodec stack`."""

    skip_existing: options.SkipExisting = False


@options.takes(StackOptions)
def stack(chosen: StackOptions) -> None:
    """Put pictures of equal size into one .aec file, which is smaller than separate files.

    Without -o, the pictures in the folder scans become scans.aec. To extract a stack to a folder,
    use aecodec decompress.
    """
    sources, target = expand(chosen.inputs, IMAGES), _target(chosen.inputs, chosen.out)
    console = Console(to_stderr=target == STANDARD)
    check_not_sources([target], [source.path for source in sources])
    options.check_skipping(chosen.skip_existing, chosen.force)
    try:
        check_overwriting(target, chosen.force)
    except ExistsError:
        if not chosen.skip_existing:
            raise
        console.note(f"skipped: {target} exists, perhaps made with different options")
        return
    compression = chosen.compression()
    pictures, size = [], 0
    for source in sources:
        with errors_about(name_of(source)):
            if source.problem:
                raise source.problem
            picture, bytes_read = read_picture(source.path, console, compression.reading)
        pictures.append(picture)
        size += bytes_read
    name = "1 picture" if len(pictures) == 1 else f"{len(pictures)} pictures"
    with console.warnings_about(name):
        paths = [source.path for source in sources]
        joined = _joined(paths, pictures, compression.metadata)
    with console.bar("") as bar:
        workers = Workers(progress=bar.update)
        compression.write(name, joined, size, target, console, workers)


def _target(inputs: Sequence[Path], out: str | None) -> Path:
    if out is None:
        if len(inputs) == 1 and is_folder_at(inputs[0]):
            return folder_beside(inputs[0], ".aec")
        raise UsageError("stack writes one file: name it with -o, or pass a single folder")
    if is_folder(out):
        raise UsageError(f"stack writes one file, but {out} is a folder: name a file with -o")
    return Path(out)


def _joined(paths: Sequence[Path], pictures: Sequence[Picture], metadata: bool | None) -> Picture:
    """Join the pictures in shared colours; warn if this changes any colours."""
    shared = shared_metadata(pictures, metadata)
    coded = [in_kept_colours(picture, shared) for picture in pictures]
    if any(new.pixels is not old.pixels for new, old in zip(coded, pictures, strict=True)):
        warn("the stack keeps no colour profile: pictures with profiles were converted to sRGB")
    return stacked(paths, coded, shared, metadata)
