"""`libaecodec`, built once per process and called from Python, and Python on the same kernels."""

from __future__ import annotations

import atexit
import ctypes
import functools
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from ctypes import (
    POINTER,
    byref,
    c_char_p,
    c_double,
    c_int,
    c_size_t,
    c_uint8,
    c_uint32,
    c_uint64,
    c_void_p,
)
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from aecodec.arrays import Latents, Pixels
from aecodec.codec.decoder_codec import DecoderCodec
from aecodec.codec.encoder_codec import EncoderCodec
from aecodec.codec_files.file_names import Half
from aecodec.codec_files.folder import CodecFolder
from aecodec.errors import AecodecError
from aecodec.format.samples import Layout, SampleType
from aecodec.imaging.picture import Picture
from aecodec.tflite.reference import reference_transform
from benchmarks.harness import ROOT

OK, DAMAGED, OTHER_CODEC = 0, 3, 4
BAD_BUNDLE, ABSENT, OTHER_RESIDUALS = 17, 18, 19
BAD_IMAGE, BAD_ARGUMENT, TOO_FEW_BYTES, CANCELLED, UNREADABLE = range(20, 25)
OTHER_KIND, OTHER_BASE, NO_BASE, INCOMPLETE, BROKEN_BOUND, HAS_REFINEMENTS = range(25, 31)
NOT_GUARANTEED = 31
NOT_AEC, TOO_SHORT, BAD_CHECKSUM, OTHER_VERSION, DAMAGED_HEADER, BAD_SIZE, BAD_LEVEL = range(32, 39)
DAMAGED_METADATA, DAMAGED_SAMPLES, DAMAGED_MASK, DAMAGED_ALPHA = range(39, 43)
DAMAGED_SEGMENTS, CODE_RANGE, DAMAGED_REFINEMENT = range(43, 46)
TOO_MANY_FRAMES, TOO_MANY_PIXELS, TOO_MUCH_WORK, TOO_MUCH_MEMORY = range(48, 52)
USAGE_ERROR, IMAGE_ERROR, FORMAT_ERROR, CODEC_ERROR, LIMIT_ERROR, OTHER_ERROR = range(1, 7)
TOOLS = ("cmake", "cc")


class Image(ctypes.Structure):
    """`aecodec_image`."""

    _fields_ = (
        ("width", c_uint32),
        ("height", c_uint32),
        ("channels", c_uint32),
        ("frames", c_uint32),
        ("pixels", POINTER(c_uint8)),
        ("metadata", c_char_p),
        ("metadata_size", c_size_t),
    )


class CSamples(ctypes.Structure):
    """`aecodec_samples`."""

    _fields_ = (
        ("width", c_uint32),
        ("height", c_uint32),
        ("bands", c_uint32),
        ("frames", c_uint32),
        ("type", c_uint32),
        ("layout", c_uint32),
        ("is_big_endian", c_uint32),
        ("has_nodata", c_uint32),
        ("nodata", c_double),
        ("limits", c_void_p),
        ("mask_planes", c_uint32),
        ("missing", c_void_p),
        ("samples", c_void_p),
        ("metadata", c_char_p),
        ("metadata_size", c_size_t),
    )

    @classmethod
    def of(cls, picture: Picture) -> CSamples:
        """The samples of a picture that a codec with bands takes, which has to stay."""
        assert picture.pixels.flags.c_contiguous
        frames, height, width, bands = picture.pixels.shape
        numbers = SampleType.of(picture.pixels.dtype.name), picture.layout or Layout.FHWB
        made = cls(width, height, bands, frames, *numbers, picture.is_big_endian)
        if picture.nodata is not None:
            made.has_nodata, made.nodata = 1, picture.nodata
        if picture.missing is not None:
            assert picture.missing.flags.c_contiguous
            made.missing, made.mask_planes = picture.missing.ctypes.data, picture.missing.shape[-1]
        made.samples = picture.pixels.ctypes.data
        return made

    def picture(self) -> Picture:
        """Copies of the samples as a picture."""
        kind, shape = SampleType(self.type), (self.frames, self.height, self.width)
        count = self.frames * self.height * self.width
        content = ctypes.string_at(self.samples, count * self.bands * np.dtype(kind.dtype).itemsize)
        missing = None
        if self.missing:
            mask = ctypes.string_at(self.missing, count * self.mask_planes)
            missing = np.frombuffer(mask, bool).reshape(*shape, self.mask_planes)
        return Picture(
            np.frombuffer(content, kind.dtype).reshape(*shape, self.bands),
            missing=missing,
            nodata=self.nodata if self.has_nodata else None,
            layout=Layout(self.layout),
            is_big_endian=bool(self.is_big_endian),
        )


Errors = Sequence[Sequence[float]]
"""Maximum errors of bands for each refinement."""


class CBounds(ctypes.Structure):
    """`aecodec_bounds`."""

    _fields_ = (
        ("count", c_uint32),
        ("bands", c_uint32),
        ("is_root", c_uint32),
        ("errors", c_void_p),
    )


class CTarget(ctypes.Structure):
    """`aecodec_target`."""

    _fields_ = (("level", c_uint32), ("max_bytes", c_size_t), ("bounds", POINTER(CBounds)))


class CCompressed(ctypes.Structure):
    """`aecodec_compressed`."""

    _fields_ = (
        ("file", c_void_p),
        ("size", c_size_t),
        ("level", c_uint32),
        ("reduction", c_uint32),
        ("max_error", c_double),
        ("nodata", c_uint64),
        ("clipped", c_uint64 * 32),
    )


class Limits(ctypes.Structure):
    """`aecodec_limits`."""

    _fields_ = (
        ("max_pixels", c_uint64),
        ("max_frames", c_uint32),
        ("base_only", c_uint32),
        ("max_memory", c_uint64),
    )


TASK = ctypes.CFUNCTYPE(None, c_void_p, c_uint32)
FOR_EACH = ctypes.CFUNCTYPE(c_int, c_void_p, c_uint32, TASK, c_void_p)


class Execution(ctypes.Structure):
    """`aecodec_execution`."""

    _fields_ = (("for_each", FOR_EACH), ("context", c_void_p), ("threads", c_uint32))


def threads(count: int = 2) -> Execution:
    """Loops on a number of threads."""
    pool = ThreadPoolExecutor(count)

    def for_each(_: int, number: int, task: Callable[[int, int], None], argument: int) -> int:
        list(pool.map(lambda n: task(argument, n), range(number)))
        return 0

    return Execution(FOR_EACH(for_each), None, count)


def reporting(report: Callable[[int, int], int]) -> Execution:
    """Loops in order that report their progress, and are cancelled by another number than 0."""

    def for_each(_: int, number: int, task: Callable[[int, int], None], argument: int) -> int:
        for done in range(number):
            if status := report(done, number):
                return status
            task(argument, done)
        return report(number, number)

    return Execution(FOR_EACH(for_each), None, 1)


class StatusError(AecodecError):
    """A status other than AECODEC_OK."""

    def __init__(self, status: int, made: CCompressed | None = None) -> None:
        super().__init__(library().aecodec_status_text(status).decode())
        self.status, self.made = status, made
        self.error = library().aecodec_status_error(status)


def build(folder: Path, settings: Sequence[str] = ()) -> None:
    """Build `libaecodec` in a folder.

    Args:
        folder: where to.
        settings: options of CMake, in addition to those that make the compiler strict.

    Raises:
        AecodecError: a tool is missing.
    """
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    if missing:
        raise AecodecError(f"libaecodec is not built without {', '.join(missing)}")
    strict = ("-DAECODEC_WARNINGS_ARE_ERRORS=ON", *settings)
    for command in (
        ["cmake", "-S", str(ROOT / "c"), "-B", str(folder), *strict],
        ["cmake", "--build", str(folder)],
    ):
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


@functools.cache
def built() -> Path:
    """Folder of a build of `libaecodec`, made once per process."""
    folder = tempfile.TemporaryDirectory()
    atexit.register(folder.cleanup)
    build(Path(folder.name))
    return Path(folder.name)


@functools.cache
def library() -> ctypes.CDLL:
    """The shared library."""
    names = ("libaecodec.so", "libaecodec.dylib", "aecodec.dll")
    path = next(path for name in names if (path := built() / name).exists())
    loaded = ctypes.CDLL(str(path))
    loaded.aecodec_status_text.restype = c_char_p
    loaded.aecodec_free.argtypes = [c_void_p]
    return loaded


def check(status: int) -> None:
    """Raise a StatusError unless a status is AECODEC_OK."""
    if status != OK:
        raise StatusError(status)


@functools.cache
def bundle_of(folder: CodecFolder) -> bytes:
    """The bytes of a codec file."""
    return folder.content


def aligned(content: bytes) -> np.ndarray[Any, Any]:
    """A copy of bytes at an address that is a multiple of 64."""
    whole = np.zeros(len(content) + 64, np.uint8)
    start = -whole.ctypes.data % 64
    copy = whole[start : start + len(content)]
    copy[:] = np.frombuffer(content, np.uint8)
    return copy


class CCodec:
    """A bundle in memory.

    Args:
        content: the bytes of the bundle.
    """

    def __init__(self, content: bytes) -> None:
        self._bytes, self._bundle = aligned(content), c_void_p()
        address = c_void_p(self._bytes.ctypes.data)
        size, bundle = c_size_t(len(content)), byref(self._bundle)
        check(library().aecodec_bundle_from_memory(address, size, bundle))

    def __del__(self) -> None:
        library().aecodec_bundle_close(self._bundle)

    def decompress(
        self,
        file: bytes,
        limits: Limits | None = None,
        execution: Execution | None = None,
    ) -> Pixels:
        """(N, H, W, C) pixels of a file."""
        image = Image()
        options = _reference(limits), _reference(execution)
        source = file, c_size_t(len(file))
        check(library().aecodec_decompress(self._bundle, *source, *options, byref(image)))
        shape = image.frames, image.height, image.width, image.channels
        pixels = np.ctypeslib.as_array(image.pixels, shape).copy()
        library().aecodec_image_free(byref(image))
        return pixels

    def compress(
        self,
        pixels: Pixels,
        level: float = 0,
        max_bytes: int = 0,
        execution: Execution | None = None,
    ) -> bytes:
        """The file of pixels (N, H, W, C)."""
        return self.compressed(pixels, _target(level, max_bytes), execution)[0]

    def compress_samples(
        self, picture: Picture, level: float = 0, max_bytes: int = 0
    ) -> tuple[bytes, list[int]]:
        """The file of samples, and how many of each band were clipped."""
        file, made = self.compressed(picture, _target(level, max_bytes))
        return file, made.clipped[: picture.pixels.shape[-1]]

    def compress_within_error(
        self,
        source: Pixels | Picture,
        errors: Errors,
        level: float = 0,
        *,
        is_root: bool = False,
        execution: Execution | None = None,
    ) -> bytes:
        """The file of pixels (N, H, W, C), or of samples, with errors (refinements, bands)."""
        return self.compressed(source, bounded(errors, level, is_root=is_root), execution)[0]

    def compressed(
        self,
        source: Pixels | Picture,
        target: CTarget | None = None,
        execution: Execution | None = None,
        metadata: bytes | None = None,
    ) -> tuple[bytes, CCompressed]:
        """The file of pixels (N, H, W, C), or of samples, and what the library says of it."""
        given: CSamples | Image
        if isinstance(source, Picture):
            source = _contiguous(source)
            compress, given = library().aecodec_compress_samples, CSamples.of(source)
        else:
            source = np.ascontiguousarray(source)
            compress, given = library().aecodec_compress, _image(source)
        given.metadata, given.metadata_size = metadata, len(metadata or b"")
        made, options = CCompressed(), (_reference(target), _reference(execution))
        status = compress(self._bundle, byref(given), *options, byref(made))
        if status != OK:
            raise StatusError(status, made)
        file = ctypes.string_at(made.file, made.size)
        library().aecodec_free(made.file)
        return file, made

    def decompress_samples(
        self, file: bytes, limits: Limits | None = None, execution: Execution | None = None
    ) -> Picture:
        """The samples of a file."""
        samples = CSamples()
        options = _reference(limits), _reference(execution)
        source = file, c_size_t(len(file))
        check(library().aecodec_decompress_samples(self._bundle, *source, *options, byref(samples)))
        picture = samples.picture()
        library().aecodec_samples_free(byref(samples))
        return picture

    def to_bare(self, file: bytes, checksum: bool) -> bytes:
        """The bare payload of a file."""
        content = file, c_size_t(len(file))
        return self._made(library().aecodec_to_bare, *content, c_int(checksum))

    def from_bare(self, payload: bytes, checksum: bool) -> bytes:
        """The file of a bare payload."""
        content = payload, c_size_t(len(payload))
        return self._made(library().aecodec_from_bare, *content, c_int(checksum))

    def _made(self, function: Callable[..., int], *arguments: Any) -> bytes:
        """What a function of the library makes in memory of its own."""
        content, size = c_void_p(), c_size_t()
        check(function(self._bundle, *arguments, byref(content), byref(size)))
        made = ctypes.string_at(content, size.value)
        library().aecodec_free(content)
        return made


def likeness(original: Pixels, restored: Pixels) -> float:
    """`aecodec_likeness` of pixels (N, H, W, C)."""
    pairs, result = [np.ascontiguousarray(pixels) for pixels in (original, restored)], c_double()
    check(library().aecodec_likeness(*(byref(_image(pixels)) for pixels in pairs), byref(result)))
    return result.value


def _contiguous(picture: Picture) -> Picture:
    missing = None if picture.missing is None else np.ascontiguousarray(picture.missing)
    return replace(picture, pixels=np.ascontiguousarray(picture.pixels), missing=missing)


def _image(pixels: Pixels) -> Image:
    frames, height, width, channels = pixels.shape
    return Image(width, height, channels, frames, pixels.ctypes.data_as(POINTER(c_uint8)))


def _target(level: float, max_bytes: int = 0) -> CTarget:
    return CTarget(round(16 * level), max_bytes)


def bounded(errors: Errors, level: float = 0, *, is_root: bool = False) -> CTarget:
    """A target with maximum errors (refinements, bands)."""
    table = np.ascontiguousarray(errors, np.float64)
    target = _target(level)
    target.bounds = ctypes.pointer(CBounds(*table.shape, is_root, table.ctypes.data))
    target.table = table  # which has to stay
    return target


def _reference(structure: ctypes.Structure | None) -> Any:
    return byref(structure) if structure else None


class ReferenceTransform:
    """A network in LiteRT's reference kernels, whose integers C gives, for any number of inputs.

    Args:
        content: content of a `.tflite` file.
    """

    def __init__(self, content: bytes) -> None:
        self._run, self._lock = reference_transform(content), threading.Lock()

    def __call__(self, batch: Latents) -> Latents:
        """Run int8 (N, ...), one by one; several threads may call at once."""
        with self._lock:
            return np.concatenate([self._run(inputs[None]) for inputs in batch])


def reference_pair(folder: CodecFolder) -> tuple[EncoderCodec, DecoderCodec]:
    """A codec of Python whose networks run in the reference kernels."""
    encoder, decoder = (ReferenceTransform(folder.read(half.tflite)) for half in Half)
    return EncoderCodec(folder, encoder), DecoderCodec(folder, decoder)
