"""The published results: their rows, the commands that measure them, and where they come from."""

from __future__ import annotations

from benchmarks.harness import RESULTS, Results, Row, read_results

COMMANDS = {
    "digits": "python -m benchmarks digits mnist.npz",
    "equal_training": "python -m benchmarks equal_training mnist.npz --venv tfc --minutes 8 "
    "--plot equal_training.png",
    "code_dimension": "python -m benchmarks code_dimension mnist.npz --plot .",
    "step_allocation": "python -m benchmarks step_allocation mnist.npz",
    "kodak": "python -m benchmarks rate_distortion kodak --codec photo --bpp 0.15 0.9 "
    "--plot kodak.png",
    "equal_bytes": "python -m benchmarks equal_bytes --plot .",
    "blocks": "python -m benchmarks blocks kodak",
    "lora_packet": "python -m benchmarks lora_packet kodak",
    "priors": "python -m benchmarks priors kodak photographs --vectors 60000",
    "distortions": "python -m benchmarks distortions photographs kodak --epochs 1 --limit 8",
    "adoption": "python -m benchmarks adoption mnist.npz",
    "steel": "aecodec train steel/train --recipe picture -o my-steel --minutes 38\n"
    "python -m benchmarks rate_distortion steel/test --codec my-steel --limit 100 "
    "--between 27 32 --plot steel.png",
    "device": "python -m benchmarks device mnist.npz",
    "aecc": "python -m benchmarks aecc kodak mnist.npz",
    "networks": "python -m benchmarks networks",
    "cold_start": "python -m benchmarks cold_start",
    "browser": "python -m benchmarks browser kodak",
    "throughput": "python -m benchmarks throughput mnist.npz",
    "single_pictures": "python -m benchmarks single_pictures mnist.npz",
    "busy_cores": "python -m benchmarks busy_cores kodak",
    "megapixels": "python -m benchmarks megapixels kodak --venv compressai",
    "large_pictures": "python -m benchmarks large_pictures kodak",
    "decompression_bombs": "python -m benchmarks decompression_bombs",
    "loading": "python -m benchmarks loading mnist.npz",
    "zarr": "python -m benchmarks zarr mnist.npz --limit 10000",
    "precisions": "python -m benchmarks precisions mnist.npz",
    "parity": "python -m benchmarks parity mnist.npz",
    "hostile_files": "python -m benchmarks hostile_files mnist.npz",
}
"""Command lines that measure each file of results, without `--json`."""


def results_of(name: str) -> Results:
    """Results by name."""
    return read_results(RESULTS / f"{name}.json")


def rows_of(name: str) -> list[Row]:
    """Rows of results by name."""
    return results_of(name).rows


def provenance(results: Results) -> str:
    """One sentence on where results come from, as far as their file states it.

    >>> provenance(Results([], {"processor": "Z80", "cores": 1, "python": "3.11.7"}))
    'Measured on Z80, 1 core, Python 3.11.7.'
    """
    machine = results.machine
    cores = f"{machine['cores']} core{'s' if machine['cores'] != 1 else ''}"
    parts = [f"Measured on {machine['processor']}", cores]
    parts += [
        f"{title} {machine[name]}".strip() for name, title in _STATED.items() if name in machine
    ]
    if results.commit:
        parts.append(f"commit {results.commit[:12]}{' with changes' if results.dirty else ''}")
    if results.date:
        parts.append(results.date[:10])
    parts += [f"data `{path}` with SHA-256 {digest[:12]}" for path, digest in results.data.items()]
    return ", ".join(parts) + "."


_STATED = {
    "system": "",
    "python": "Python",
    "aecodec": "aecodec",
    "ai-edge-litert": "LiteRT",
    "numpy": "NumPy",
    "pillow": "Pillow",
    "constriction": "constriction",
}
"""What the provenance states of a machine beside its processor and cores, by key, and its name."""
