"""Decode the images of a data set once into uint8 arrays that later opens map into memory.

A folder of arrays holds, for each split S: ``S_images.npy`` (uint8, N×64×64×3, RGB),
``S_labels.npy`` (int64, N), ``S_files.txt`` (one file a line); and ``manifest.json`` (classes,
counts, checksums, grey images, duplicates, decoder). It is written whole or not at all.
"""

import hashlib
import io
import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np

from labcode.data.layout import SIZE, Layout
from labcode.files import atomic_folder

FORMAT = 1
SPLITS = ("train", "val")
BLOCK = 250  # images that one thread decodes in one go: 3 MB, long enough to hide the hand-over


@dataclass
class Block:
    """Decoded images ``first`` to ``first + len(pixels)`` of a split, and what was seen in them."""

    first: int
    pixels: np.ndarray
    grey: list[int]
    hashes: list[bytes]
    undecodable: list[str]
    wrong_size: list[str]


def decode_block(folder: Path, files: list[str], first: int) -> Block:
    """Decode ``files`` to uint8 RGB; an image that cannot be used stays black and is named."""
    from PIL import Image

    block = Block(first, np.zeros((len(files), SIZE, SIZE, 3), np.uint8), [], [], [], [])
    for i, name in enumerate(files):
        content = b""
        try:
            with open(folder / name, "rb") as file:
                content = file.read()
            image = Image.open(io.BytesIO(content), formats=("JPEG",))
            if image.size != (SIZE, SIZE):
                block.wrong_size.append(f"{name} is {image.width}×{image.height}")
            else:
                if image.mode == "L":
                    block.grey.append(first + i)
                block.pixels[i] = np.asarray(image if image.mode == "RGB" else image.convert("RGB"))
        # Pillow raises many kinds of error on damaged files, all of which mean the same here.
        except Exception as error:
            block.undecodable.append(f"{name} ({error})" if content else f"{name} (empty)")
        block.hashes.append(hashlib.blake2b(content, digest_size=16).digest())
    return block


def decode(layout: Layout, split: str) -> Iterator[Block]:
    """All blocks of a split in order, decoded by threads (Pillow lets go of the GIL to decode)."""
    files = layout.files[split]
    starts = range(0, len(files), BLOCK)
    threads = min(8, os.cpu_count() or 1)
    with ThreadPoolExecutor(threads) as pool:
        # A window of jobs, so that fast decoding before a slow disk does not fill the memory.
        waiting: list = []
        for first in starts:
            waiting.append(
                pool.submit(decode_block, layout.folder, files[first : first + BLOCK], first)
            )
            if len(waiting) > 2 * threads:
                yield waiting.pop(0).result()
        for job in waiting:
            yield job.result()


def write_arrays(layout: Layout, target: Path, progress: Callable[[int, int], None]) -> None:
    """Decode ``layout`` into the new folder ``target``.

    Images that turn out to be damaged are added to ``layout.problems``, and nothing is written.
    ``progress(done, total)`` is called after each block.
    """
    import PIL

    total = sum(len(files) for files in layout.files.values())
    manifest = {
        "format": FORMAT,
        "source": fingerprint(layout.folder),
        "wnids": layout.wnids,
        "class_names": layout.class_names,
        "counts": {split: len(layout.files[split]) for split in SPLITS},
        "decoder": f"Pillow {PIL.__version__}, libjpeg {_jpeg_version()}",
        "grey": {},
        "sha256": {},
    }
    done = 0
    hashes: dict[str, list[bytes]] = {split: [] for split in SPLITS}
    undecodable: list[str] = []
    wrong_size: list[str] = []
    with suppress(_Damaged), atomic_folder(target) as folder:
        for split in SPLITS:
            count = len(layout.files[split])
            grey: list[int] = []
            with ArrayFile(folder / f"{split}_images.npy", (count, SIZE, SIZE, 3), "u1") as out:
                for block in decode(layout, split):
                    out.write(block.pixels)
                    grey += block.grey
                    hashes[split] += block.hashes
                    undecodable += block.undecodable
                    wrong_size += block.wrong_size
                    done += len(block.pixels)
                    progress(done, total)
            manifest["sha256"][f"{split}_images"] = out.sha256
            with ArrayFile(folder / f"{split}_labels.npy", (count,), "<i8") as out:
                out.write(np.array(layout.labels[split], "<i8"))
            manifest["sha256"][f"{split}_labels"] = out.sha256
            manifest["grey"][split] = grey
            names = "".join(f"{name}\n" for name in layout.files[split])
            (folder / f"{split}_files.txt").write_text(names, "utf-8", newline="\n")
        layout.report("images that cannot be decoded", undecodable)
        layout.report(f"images of another size than {SIZE}×{SIZE}", wrong_size)
        if layout.problems:
            raise _Damaged
        manifest["duplicates"] = find_duplicates(hashes)
        manifest["digest"] = digest(manifest)
        (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")


def digest(manifest: dict) -> str:
    """Hex SHA-256 over the arrays' own SHA-256 and the class order."""
    parts = [manifest["sha256"][key] for key in sorted(manifest["sha256"])] + manifest["wnids"]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def read_manifest(arrays: Path, source: Path) -> dict | None:
    """The manifest when ``arrays`` holds whole arrays made from ``source``; else None."""
    try:
        manifest = json.loads((arrays / "manifest.json").read_bytes())
        current = manifest["format"] == FORMAT and manifest["source"] == fingerprint(source)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return manifest if current else None


def fingerprint(folder: Path) -> list[int]:
    """A cheap sign that the images were replaced: no scan, so that an open stays instant."""
    try:
        texts = [os.stat(folder / name) for name in ("wnids.txt", "words.txt")]
        facts = [fact for text in texts for fact in (text.st_size, text.st_mtime_ns)]
        return facts + [os.stat(folder / split).st_mtime_ns for split in SPLITS]
    except OSError:
        return []


def find_duplicates(hashes: dict[str, list[bytes]]) -> list[list[list]]:
    """Pairs of byte-identical files as [[split, index], [split, index]]."""
    places: dict[bytes, list[list]] = {}
    for split in SPLITS:
        for index, value in enumerate(hashes[split]):
            places.setdefault(value, []).append([split, index])
    return [list(pair) for same in places.values() for pair in combinations(same, 2)]


class ArrayFile:
    """Writes a ``.npy`` file piece by piece and takes the SHA-256 of its values on the way.

    Written with plain writes and not through a memory map, because a map on a full disk ends the
    process with SIGBUS where a write raises ENOSPC.
    """

    def __init__(self, path: Path, shape: tuple[int, ...], dtype: str) -> None:
        self.path, self.shape, self.dtype = path, shape, np.dtype(dtype)
        self._hash = hashlib.sha256()

    def __enter__(self) -> "ArrayFile":
        self._file = open(self.path, "wb")
        header = {"descr": self.dtype.str, "fortran_order": False, "shape": self.shape}
        np.lib.format.write_array_header_1_0(self._file, header)
        return self

    def write(self, values: np.ndarray) -> None:
        data = memoryview(np.ascontiguousarray(values)).cast("B")
        self._file.write(data)
        self._hash.update(data)

    def __exit__(self, *_: object) -> None:
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
        finally:
            self._file.close()
        self.sha256 = self._hash.hexdigest()


class _Damaged(Exception):
    """Leaves `atomic_folder` without keeping what was written."""


def _jpeg_version() -> str:
    from PIL import features

    return str(features.version("libjpeg_turbo") or features.version("jpg"))
