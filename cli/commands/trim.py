"""`aecodec trim`: .aec files without their finer refinements."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from aecodec.base.parallel import Workers
from aecodec.cli.batch.run import run_all
from aecodec.cli.shared import options
from aecodec.cli.shared.console import Console, name_of
from aecodec.cli.shared.discovery import AEC_FILES, STANDARD, is_folder_at
from aecodec.cli.shared.file_io import check_overwriting, read_bytes, write_bytes
from aecodec.cli.shared.jobs import Job, folder_beside, plan
from aecodec.codec.target import bound_to_keep
from aecodec.format.refinement import Bound
from aecodec.native import headers


def trim(
    inputs: options.AecFiles,
    out: options.Out = None,
    max_error: Annotated[
        str | None,
        typer.Option(
            metavar="E",
            help="Keep only the refinements needed for this maximum error, such as 4 or 0.5sqrt.",
        ),
    ] = None,
    force: options.Force = False,
) -> None:
    """Remove refinements from .aec files, without decoding them.

    Without -o, scan.aec becomes scan_trimmed.aec in the same folder, and the folder scans becomes
    scans_trimmed. aecodec compress --max-error 16,4,0 writes one refinement per value.
    """
    console = Console(to_stderr=out == "-" or STANDARD in inputs)
    bound = None if max_error is None else bound_to_keep(max_error)
    work = partial(_trim_file, bound=bound, force=force)
    run_all(console, plan(inputs, out, _rename, AEC_FILES), work)


def _rename(path: Path) -> Path:
    name = f"{path.stem}_trimmed.aec"
    return folder_beside(path, "_trimmed") if is_folder_at(path) else path.with_name(name)


def _trim_file(job: Job, console: Console, _: Workers, bound: Bound | None, force: bool) -> None:
    check_overwriting(job.target, force)
    data = read_bytes(job.source)
    trimmed = headers.trimmed(data, bound)
    write_bytes(job.target, trimmed, force)
    refinements = headers.read_header(trimmed).refinements
    kept = refinements[-1].largest_bound if refinements else None
    guarantee = f"maximum error {kept.text}" if kept else "no maximum error is guaranteed"
    sizes = f"{len(trimmed)} of {len(data)} bytes"
    console.result(f"{name_of(job)} -> {job.target}: {sizes}, {guarantee}")
