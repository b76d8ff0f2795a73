"""Read a folder in the layout of Tiny ImageNet: its classes, files and labels, and every damage.

Two layouts of ``val/`` are read and neither is written: the official one (``val/images``), and
the one that the PyPI package ``tinyimagenet`` leaves behind (``val/<wnid>/images``), also half
moved. Nothing is decoded here; `labcode.data.arrays` does that.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

SIZE = 64
TRAIN_NAME = re.compile(r"(n\d+)_(\d+)\.JPEG")
VAL_NAME = re.compile(r"val_(\d+)\.JPEG")


@dataclass(frozen=True)
class Problem:
    """One kind of damage: what is wrong, how often, and up to ten examples."""

    what: str
    count: int
    examples: tuple[str, ...]

    def __str__(self) -> str:
        shown = ", ".join(self.examples)
        more = ", ..." if self.count > len(self.examples) else ""
        return f"{self.what} ({self.count}): {shown}{more}"


@dataclass
class Layout:
    """What a folder holds: per split the files in order, relative to the folder, and labels.

    Train runs class by class in the order of ``wnids.txt``, within a class by the number in the
    file name; val runs by the number in the file name.
    """

    folder: Path
    wnids: list[str] = field(default_factory=list)
    class_names: list[str] = field(default_factory=list)
    files: dict[str, list[str]] = field(default_factory=lambda: {"train": [], "val": []})
    labels: dict[str, list[int]] = field(default_factory=lambda: {"train": [], "val": []})
    problems: list[Problem] = field(default_factory=list)

    def report(self, what: str, examples: Sequence[str]) -> None:
        """Note a damage; none when there is no example."""
        if examples:
            self.problems.append(Problem(what, len(examples), tuple(examples[:10])))


def read_layout(folder: Path) -> Layout:
    """Scan ``folder``; damage is collected in ``problems`` and never raised."""
    layout = Layout(folder)
    missing = [
        name
        for name in ("wnids.txt", "words.txt", "train", "val", "val/val_annotations.txt")
        if not (folder / name).exists()
    ]
    layout.report("missing from the folder", missing)
    _read_classes(layout)
    if layout.wnids:
        _read_train(layout)
        _read_val(layout)
    return layout


def read_boxes(path: Path) -> dict[str, tuple[int, int, int, int]]:
    """The boxes of a ``*_boxes.txt`` or ``val_annotations.txt``: file name to x0, y0, x1, y1."""
    rows = (line.split("\t") for line in _lines(path))
    return {row[0]: tuple(int(v) for v in row[-4:]) for row in rows if len(row) >= 5}


def _lines(path: Path) -> list[str]:
    if not path.is_file():
        return []
    return path.read_text("utf-8", errors="replace").splitlines()


def _read_classes(layout: Layout) -> None:
    lines = [line.strip() for line in _lines(layout.folder / "wnids.txt")]
    counts = Counter(line for line in lines if line)
    layout.wnids = list(counts)
    if not layout.wnids and (layout.folder / "wnids.txt").exists():
        layout.report("wnids.txt names no class", ["wnids.txt is empty"])
    layout.report("classes named twice in wnids.txt", [w for w, n in counts.items() if n > 1])
    words = dict(
        line.split("\t", 1) for line in _lines(layout.folder / "words.txt") if "\t" in line
    )
    if words:
        layout.report("classes without a name in words.txt", [w for w in counts if w not in words])
    layout.class_names = [words.get(w, w).split(",")[0].strip() for w in layout.wnids]


def _images(folder: Path) -> list[str]:
    """Names of the JPEG files in ``folder``; hidden files (left by file managers) are no images."""
    if not folder.is_dir():
        return []
    return [p for p in _names(folder) if p.endswith(".JPEG") and not p.startswith(".")]


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def _subfolders(folder: Path) -> list[str]:
    if not folder.is_dir():
        return []
    return sorted(p.name for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))


def _read_train(layout: Layout) -> None:
    folders = set(_subfolders(layout.folder / "train"))
    layout.report(
        "class folders missing from train/", [w for w in layout.wnids if w not in folders]
    )
    layout.report(
        "folders in train/ that wnids.txt does not name", sorted(folders - set(layout.wnids))
    )
    strays = []
    for label, wnid in enumerate(layout.wnids):
        numbered = []
        for name in _images(layout.folder / "train" / wnid / "images"):
            match = TRAIN_NAME.fullmatch(name)
            if match and match[1] == wnid:
                numbered.append((int(match[2]), name))
            else:
                strays.append(f"train/{wnid}/images/{name}")
        for _, name in sorted(numbered):
            layout.files["train"].append(f"train/{wnid}/images/{name}")
            layout.labels["train"].append(label)
    layout.report("images named for another class than their folder's", strays)
    present = [w for w in layout.wnids if w in folders]
    _check_counts(layout, "train", present)


def _check_counts(layout: Layout, split: str, wnids: list[str]) -> None:
    """Classes of unequal size are damage; a set that is smaller in every class is only partial."""
    counts = Counter(layout.wnids[label] for label in layout.labels[split])
    if not wnids:
        return
    sizes = Counter(counts[w] for w in wnids)
    usual = max(sizes, key=lambda size: (sizes[size], size))
    # With every class empty "usual" is 0 and no class differs from it.
    layout.report(f"split {split} holds no image", [f"{split}/"] if usual == 0 else [])
    for what, odd in (
        ("short", [w for w in wnids if counts[w] < usual]),
        ("with more images than the others", [w for w in wnids if counts[w] > usual]),
    ):
        layout.report(
            f"classes of {split} {what}", [f"{w} has {counts[w]} of {usual}" for w in odd]
        )


def _read_val(layout: Layout) -> None:
    val = layout.folder / "val"
    found = {name: f"val/images/{name}" for name in _images(val / "images")}
    moved: dict[str, str] = {}
    for wnid in _subfolders(val):
        if wnid != "images":
            for name in _images(val / wnid / "images"):
                found[name] = f"val/{wnid}/images/{name}"
                moved[name] = wnid
    label_of = {wnid: label for label, wnid in enumerate(layout.wnids)}
    labels: dict[str, int] = {}
    malformed, unknown, twice, absent, contrary = [], [], [], [], []
    for number, line in enumerate(_lines(val / "val_annotations.txt"), 1):
        row = line.split("\t")
        if len(row) < 2 or not VAL_NAME.fullmatch(row[0]):
            malformed.append(f"line {number}")
        elif row[1] not in label_of:
            unknown.append(f"line {number}: {row[0]} is {row[1]!r}")
        elif row[0] in labels:
            twice.append(f"line {number}: {row[0]}")
        elif row[0] not in found:
            absent.append(row[0])
        elif moved.get(row[0], row[1]) != row[1]:
            contrary.append(f"{found[row[0]]} is annotated {row[1]}")
        else:
            labels[row[0]] = label_of[row[1]]
    annotated = {line.split("\t")[0] for line in _lines(val / "val_annotations.txt")}
    layout.report("unreadable lines in val/val_annotations.txt", malformed)
    layout.report("validation images annotated with a class that wnids.txt lacks", unknown)
    layout.report("validation images annotated twice", twice)
    layout.report("annotated validation images without a file", absent)
    layout.report("validation images whose folder contradicts their annotation", contrary)
    layout.report(
        "validation images without annotation", [found[n] for n in found if n not in annotated]
    )
    for name in sorted(labels, key=lambda n: int(VAL_NAME.fullmatch(n)[1])):
        layout.files["val"].append(found[name])
        layout.labels["val"].append(labels[name])
    if not (malformed or unknown or twice or absent or contrary):
        _check_counts(layout, "val", layout.wnids)
