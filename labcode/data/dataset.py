"""A data set in memory-mapped NumPy arrays: `Dataset` and its two `Split`s."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from labcode.data.layout import read_boxes
from labcode.errors import DataError

Place = tuple[str, int]  # a split's name and an index in it


class Split:
    """Images and labels of one split, in a fixed order.

    images  uint8 (N, 64, 64, 3), HWC, RGB, read-only
    labels  int64 (N,), positions in ``wnids.txt``
    """

    def __init__(
        self,
        name: str,
        images: np.ndarray,
        labels: np.ndarray,
        folder: Path,
        read_files: Callable[[], Sequence[str]],
        classes: Sequence[tuple[str, str]],
    ) -> None:
        self.name, self.images, self.labels = name, images, labels
        self._folder, self._read_files, self._classes = folder, read_files, classes
        self._boxes: dict[Path, dict[str, tuple[int, int, int, int]]] = {}

    def __len__(self) -> int:
        return len(self.labels)

    def __repr__(self) -> str:
        return f"<Split {self.name}: {len(self):,} images>"

    @cached_property
    def files(self) -> tuple[str, ...]:
        """The image files, relative to the data set's folder; read when first asked for."""
        return tuple(self._read_files())

    def metadata(self, i: int) -> dict[str, Any]:
        """What is known of image ``i``: file, class, bytes on disk, size, mode, bounding box.

        ``width``, ``height`` (pixels) and ``mode`` ("RGB", or "L" for grey) are those of the file;
        ``box`` is (x0, y0, x1, y1) in pixels, or None where none was drawn.
        """
        from PIL import Image

        file, label = self.files[i], int(self.labels[i])
        path = self._folder / file
        try:
            with Image.open(path) as image:
                (width, height), mode = image.size, image.mode
            file_bytes = path.stat().st_size
        except OSError as error:
            raise DataError(f"cannot read {path}: {error}. Try: labcode data verify") from error
        wnid, class_name = self._classes[label]
        return {
            "file": file,
            "wnid": wnid,
            "class_name": class_name,
            "label": label,
            "file_bytes": file_bytes,
            "width": width,
            "height": height,
            "mode": mode,
            "box": self._box(path, wnid),
        }

    def _box(self, path: Path, wnid: str) -> tuple[int, int, int, int] | None:
        if self.name == "train":
            source = path.parent.parent / f"{wnid}_boxes.txt"
        else:
            source = self._folder / "val" / "val_annotations.txt"
        if source not in self._boxes:
            self._boxes[source] = read_boxes(source)
        return self._boxes[source].get(path.name)

    def take(self, indices: np.ndarray) -> "Split":
        """These images alone, copied into memory, read-only."""
        images, labels = self.images[indices], self.labels[indices]
        images.setflags(write=False)
        labels.setflags(write=False)

        def read_files() -> list[str]:
            return [self.files[i] for i in indices]

        return Split(self.name, images, labels, self._folder, read_files, self._classes)


@dataclass(frozen=True, repr=False)
class Dataset:
    """An opened data set; see `open_dataset`.

    digest      hex SHA-256 over all arrays and the class order
    wnids       the classes, in the line order of ``wnids.txt``: label i is ``wnids[i]``
    generated   True for the generated sample
    partial     True when images are fewer than in the published set (evenly: else it is damaged)
    grey        per split, the indices of images whose file is grey
    duplicates  pairs of byte-identical files, each as (split, index)
    """

    name: str
    title: str
    digest: str
    wnids: tuple[str, ...]
    class_names: tuple[str, ...]
    train: Split
    val: Split
    folder: Path
    generated: bool
    partial: bool
    expected: dict[str, int]
    grey: dict[str, tuple[int, ...]]
    duplicates: tuple[tuple[Place, Place], ...]

    def __repr__(self) -> str:
        return (
            f"<Dataset {self.name}: {len(self.train):,} train and {len(self.val):,} val images, "
            f"{len(self.wnids)} classes>"
        )

    @cached_property
    def names_digest(self) -> str:
        """Hex SHA-256 over class names and file names: what a page prints beside the pixels."""
        parts = (*self.class_names, *self.train.files, *self.val.files)
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def describe(self) -> dict[str, Any]:
        """The facts that a page prints about its data; JSON-able."""
        return {
            "name": self.name,
            "title": self.title,
            "generated": self.generated,
            "partial": self.partial,
            "digest": self.digest,
            "names_digest": self.names_digest,
            "classes": len(self.wnids),
            "train_images": len(self.train),
            "val_images": len(self.val),
            "expected_train_images": self.expected["train"],
            "expected_val_images": self.expected["val"],
            "grey_train": len(self.grey["train"]),
            "grey_val": len(self.grey["val"]),
            "duplicate_pairs": len(self.duplicates),
            "duplicates_across_splits": sum(a[0] != b[0] for a, b in self.duplicates),
        }

    def subset(
        self, classes: int = 20, per_class: int = 100, val_per_class: int | None = None
    ) -> "Dataset":
        """The first ``classes`` classes: ``per_class`` train images of each, and ``val_per_class``
        val images, or all of them.

        A class with fewer images gives all of them. Labels stay 0..classes-1, since the
        classes are the first ones. The name tells the cut: ``tiny-imagenet[20x100]``.
        """
        wanted = {"train": per_class, "val": val_per_class}
        few = any(number is not None and number < 1 for number in wanted.values())
        if few or not 1 <= classes <= len(self.wnids):
            val = "all" if val_per_class is None else val_per_class
            raise DataError(
                f"{self.name} has {len(self.wnids)} classes; cannot take {classes} classes with "
                f"{per_class} training and {val} validation images each."
            )
        kept = {}
        for split, number in wanted.items():
            labels = getattr(self, split).labels
            positions = [np.flatnonzero(labels == c)[:number] for c in range(classes)]
            found = np.concatenate(positions)
            kept[split] = found if split == "train" else np.sort(found)  # as they come in the set
        new_index = {
            (split, int(old)): (split, new)
            for split, indices in kept.items()
            for new, old in enumerate(indices)
        }
        same = classes == len(self.wnids) and all(
            len(kept[split]) == len(getattr(self, split)) for split in kept
        )
        cut = f"{classes}x{per_class}" + (f"+{val_per_class}" if val_per_class else "")
        return replace(
            self,
            name=f"{self.name}[{cut}]",
            digest=hashlib.sha256(f"{self.digest}[{cut}]".encode()).hexdigest(),
            wnids=self.wnids[:classes],
            class_names=self.class_names[:classes],
            train=self.train.take(kept["train"]),
            val=self.val.take(kept["val"]),
            partial=self.partial or not same,
            grey={
                split: tuple(
                    new_index[split, i][1] for i in self.grey[split] if (split, i) in new_index
                )
                for split in kept
            },
            duplicates=tuple(
                (new_index[a], new_index[b])
                for a, b in self.duplicates
                if a in new_index and b in new_index
            ),
        )
