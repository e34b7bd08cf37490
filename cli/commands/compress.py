"""`aecodec compress`: images to .aec files."""

from dataclasses import dataclass
from pathlib import Path

from aecodec.base.errors import UsageError
from aecodec.cli.batch.compress_options import CodingOptions
from aecodec.cli.batch.run import BatchOptions, run_all
from aecodec.cli.shared import options
from aecodec.cli.shared.console import Console
from aecodec.cli.shared.discovery import IMAGES, IMAGES_AND_SAMPLES, STANDARD, is_folder_at
from aecodec.cli.shared.jobs import folder_beside, is_folder, plan
from aecodec.cli.shared.pictures import reading_for
from aecodec.codec.codec import Codec
from aecodec.image_files.options import ReadOptions


@dataclass(frozen=True, kw_only=True)
class CompressOptions(CodingOptions):
    as_json: options.Json = False
    jobs: options.Jobs = None
    skip_existing: options.SkipExisting = False
    nodata: options.Nodata = None
    bands_first: options.BandsFirst = False
    array: options.SamplesArray = None

    def check(self) -> None:
        options.check_skipping(self.skip_existing, self.force)
        self._check_folder_name()

    def _check_folder_name(self) -> None:
        """Raise UsageError if `-o FILE.aec` would be a new folder by mistake."""
        out = self.out
        if out is None or Path(out).suffix.lower() != ".aec" or is_folder(out):
            return
        if len(self.inputs) > 1 or is_folder_at(self.inputs[0]):
            raise UsageError(
                f"{out} would become a folder with a file for each picture: to put all pictures "
                f"into one file, use aecodec stack; to make the folder, use -o {out}/"
            )

    def reading(self, codec: Codec | None, basis: ReadOptions) -> ReadOptions:
        if self.depth is None:
            return reading_for(
                codec, basis, nodata=self.nodata, bands_first=self.bands_first, array=self.array
            )
        has_bands = codec and codec.spec.bands
        if has_bands or self.nodata is not None or self.bands_first or self.array:
            raise UsageError("codecs with bands keep the depth of samples: leave out --depth")
        return basis


@options.takes(CompressOptions)
def compress(chosen: CompressOptions) -> None:
    """Compress images to .aec files.

    Without -o, digit.png becomes digit.aec, and the folder scans becomes scans_aec. For each file,
    the command prints its size, its compression ratios relative to the source file and to raw
    pixels, bits per pixel, PSNR and, with --max-error, the largest error of any sample. Scientific
    pictures need --max-error, --lossless or a codec with bands.
    """
    chosen.check()
    compression = chosen.compression()
    reading = chosen.reading(compression.codec, compression.reading)
    to_stdout = chosen.out == "-" or STANDARD in chosen.inputs
    console = Console(as_json=chosen.as_json, to_stderr=to_stdout)
    kind = IMAGES if reading.bands is None else IMAGES_AND_SAMPLES
    planned = plan(chosen.inputs, chosen.out, _rename, kind)
    work = compression._replace(reading=reading).compress_file
    run_all(console, planned, work, BatchOptions(chosen.jobs, chosen.skip_existing))


def _rename(path: Path) -> Path:
    """Path of the result: digit.png becomes digit.aec, and the folder scans becomes scans_aec."""
    return folder_beside(path, "_aec") if is_folder_at(path) else path.with_suffix(".aec")
