"""Compare an installed data set with itself: layout, every image, and the decoded arrays."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from labcode.data import places
from labcode.data.arrays import SPLITS, Block, decode, find_duplicates, read_manifest
from labcode.data.layout import SIZE, Layout, Problem, read_layout
from labcode.data.opening import map_array
from labcode.data.progress import Progress
from labcode.errors import DataError


@dataclass(frozen=True)
class Report:
    """What `verify` found; ``problems`` is empty for a sound set, whole or partial."""

    name: str
    folder: Path
    counts: dict[str, int]
    expected: dict[str, int]
    grey: dict[str, int]
    duplicates: tuple[tuple[str, str], ...]
    has_arrays: bool
    problems: tuple[Problem, ...]

    @property
    def partial(self) -> bool:
        """Whether images are fewer than in the published set."""
        return self.counts != self.expected

    def __str__(self) -> str:
        state = "DAMAGED" if self.problems else "sound"
        state += ", partial" if self.partial else ", complete"
        have = ", ".join(
            f"{self.counts[s]:,} of {self.expected[s]:,} {s} images ({self.grey[s]:,} grey)"
            for s in SPLITS
        )
        across = [pair for pair in self.duplicates if pair[0][0] != pair[1][0]]
        lines = [
            f"{self.name} in {self.folder}: {state}",
            f"  {have}",
            f"  {len(self.duplicates)} byte-identical pairs, {len(across)} across train and val",
            *(f"    {a} = {b}" for a, b in across[:10]),
            f"  decoded arrays: {'compared' if self.has_arrays else 'none yet'}",
            *(f"  - {problem}" for problem in self.problems),
        ]
        return "\n".join(lines)


def verify(name: str) -> Report:
    """Read every file of an installed data set again and name each damage.

    Decodes all images (about as long as a first open) and compares them with the arrays where
    there are some; writes nothing. DataError when ``name`` is not installed.
    """
    known, folder, arrays = places.known(name), places.folder_of(name), places.arrays_of(name)
    if not folder.is_dir():
        raise DataError(f"{name} is not installed in {places.root()}: labcode data add {name}")
    layout = read_layout(folder)
    manifest = read_manifest(arrays, folder)
    if manifest is not None:
        _check_checksums(layout, arrays, manifest)
    grey: dict[str, int] = {}
    hashes: dict[str, list[bytes]] = {}
    undecodable: list[str] = []
    wrong_size: list[str] = []
    changed: list[str] = []
    total = sum(len(files) for files in layout.files.values())
    done = 0
    with Progress(f"verifying {name}", "images") as progress:
        for split in SPLITS:
            grey[split], hashes[split] = 0, []
            array = _array(layout, arrays, manifest, split)
            for block in decode(layout, split):
                grey[split] += len(block.grey)
                hashes[split] += block.hashes
                undecodable += block.undecodable
                wrong_size += block.wrong_size
                if array is not None:
                    changed += _differing(layout, split, block, array)
                done += len(block.pixels)
                progress(done, total)
    layout.report("images that cannot be decoded", undecodable)
    layout.report(f"images of another size than {SIZE}×{SIZE}", wrong_size)
    layout.report("images that differ from the decoded arrays", changed)
    duplicates = tuple(
        (layout.files[a][i], layout.files[b][j]) for (a, i), (b, j) in find_duplicates(hashes)
    )
    return Report(
        name=name,
        folder=folder,
        counts={split: len(layout.files[split]) for split in SPLITS},
        expected={
            "train": known.classes * known.train_per_class,
            "val": known.classes * known.val_per_class,
        },
        grey=grey,
        duplicates=duplicates,
        has_arrays=manifest is not None,
        problems=tuple(layout.problems),
    )


def _check_checksums(layout: Layout, arrays: Path, manifest: dict) -> None:
    wrong = []
    for key, expected in manifest["sha256"].items():
        path = arrays / f"{key}.npy"
        try:
            values = np.load(path, mmap_mode="r")
            found = hashlib.sha256(memoryview(values).cast("B")).hexdigest()
        except (OSError, ValueError, EOFError, TypeError) as error:
            found = str(error)
        if found != expected:
            wrong.append(str(path))
    layout.report(
        f"arrays whose checksum differs from the manifest's (delete {arrays}; the next open "
        "decodes the images again)",
        wrong,
    )
    for split in SPLITS:
        if manifest["counts"][split] != len(layout.files[split]):
            layout.report(
                "splits that changed since they were decoded",
                [f"{split} had {manifest['counts'][split]}, has {len(layout.files[split])} images"],
            )


def _array(layout: Layout, arrays: Path, manifest: dict | None, split: str) -> np.ndarray | None:
    """The images array to compare with, when it is whole and of the present number of files."""
    count = len(layout.files[split])
    if manifest is None or manifest["counts"][split] != count:
        return None
    try:
        return map_array(arrays / f"{split}_images.npy", (count, SIZE, SIZE, 3), np.uint8)
    except DataError:
        return None


def _differing(layout: Layout, split: str, block: Block, array: np.ndarray) -> list[str]:
    """Files whose pixels differ from the array's; the unusable ones are reported elsewhere."""
    unusable = {text.split(" ")[0] for text in block.undecodable + block.wrong_size}
    same = (array[block.first : block.first + len(block.pixels)] == block.pixels).all((1, 2, 3))
    files = (layout.files[split][block.first + i] for i in np.flatnonzero(~same))
    return [file for file in files if file not in unusable]
