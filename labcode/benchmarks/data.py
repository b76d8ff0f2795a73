"""How long the data set takes to open: the first time, ever after, and in a plain Pillow loop."""

import os
import shutil
import subprocess
import sys
import tempfile
import time

import numpy as np
from PIL import Image

from labcode.benchmarks.verdict import verdict
from labcode.data import Dataset, open_dataset
from labcode.timing import interleave, ratios, spread

_OPEN = """
import time
from labcode.data import open_dataset
start = time.perf_counter()
data = open_dataset({name!r})
data.train.images[0], data.val.images[0]
print("seconds", time.perf_counter() - start)
"""


def run(rounds: int) -> bool:
    """Print the comparison over the installed data set; return whether both claims hold."""
    dataset = open_dataset()
    images = len(dataset.train) + len(dataset.val)
    print(f"opening {dataset.title}, {images:,} images, {rounds} rounds")
    later: list[float] = []
    with tempfile.TemporaryDirectory() as folder:

        def first_then_second(number: int) -> float:
            arrays = os.path.join(folder, f"round{number}")
            seconds = _open_in_new_process(dataset.name, arrays)
            later.append(_open_in_new_process(dataset.name, arrays))
            shutil.rmtree(arrays)
            return seconds

        cases = {"loop": lambda _: pillow_loop(dataset), "first": first_then_second}
        figures = interleave(cases, rounds, warmup=0)
    print("  plain Pillow loop:", spread(figures["loop"]), "s")
    print("  first open:       ", spread(figures["first"]), "s")
    print("  second open:      ", spread(later, ".4f"), "s")
    quick = verdict("second open faster than first", ratios(figures["first"], later), 100)
    lean = verdict(
        "first open against the loop",
        ratios(figures["first"], figures["loop"]),
        1.5,
        at_least=False,
    )
    return quick and lean


def pillow_loop(dataset: Dataset) -> float:
    """Seconds to decode every file into one array, one after another, with nothing else done."""
    start = time.perf_counter()
    for split in (dataset.train, dataset.val):
        pixels = np.empty((len(split), 64, 64, 3), np.uint8)
        for number, name in enumerate(split.files):
            with Image.open(dataset.folder / name) as image:
                pixels[number] = np.asarray(image.convert("RGB"))
    return time.perf_counter() - start


def _open_in_new_process(name: str, arrays: str) -> float:
    """Seconds that ``open_dataset`` takes in a process of its own, arrays kept in ``arrays``."""
    done = subprocess.run(
        [sys.executable, "-c", _OPEN.format(name=name)],
        env={**os.environ, "LABCODE_ARRAYS": arrays},
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout.split("seconds")[1])
