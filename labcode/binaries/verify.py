"""Can Lab 2 read this folder? Every fault of an export, found with and without its manifest.

Checksums tell that a file changed, not that it was right when it was written. So the files are
tried on each other: the network, computed in NumPy from the stored images and weights, must give
the stored maps.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from labcode.binaries.diagnosis import diagnose
from labcode.binaries.faults import Fault, lines
from labcode.binaries.inspect import inspect
from labcode.binaries.layout import (
    FILES,
    IMAGES,
    MANIFEST,
    TOLERANCE,
    image_file,
    map_file,
    weights_file,
)
from labcode.binaries.manifest import extra_faults, manifest_faults
from labcode.binaries.matching import half_precision
from labcode.errors import DataError
from labcode.reference import forward
from labcode.toycnn import INPUT_SHAPE, LAYERS
from labcode.weights import SHAPES


@dataclass(frozen=True)
class Verification:
    """What is wrong with the export in ``folder``; nothing if ``faults`` is empty.

    ``difference`` is the largest absolute one of a stored map from NumPy's, computed from the
    stored image and weights through all layers; NaN where faults leave nothing to compare.
    """

    folder: Path
    faults: tuple[Fault, ...]
    difference: float
    manifest: bool

    @property
    def ok(self) -> bool:
        """Whether Lab 2 can read the folder as it is."""
        return not self.faults

    def __str__(self) -> str:
        if self.ok:
            listed = "manifest agrees" if self.manifest else "no manifest, none needed"
            return (
                f"{self.folder}: {len(FILES)} files, no fault, {listed}\n"
                f"largest difference from NumPy's maps {self.difference:.1e} "
                f"(Lab 2 accepts {TOLERANCE:g})"
            )
        found = lines(self.faults)
        kinds = "1 fault" if len(found) == 1 else f"{len(found)} faults"
        return "\n".join([f"{self.folder}: {kinds}", *(f"  {line}" for line in found)])


def verify(folder: str | Path) -> Verification:
    """Look at every file of the export in ``folder``; DataError when there is no such folder."""
    folder = Path(folder)
    if not folder.is_dir():
        raise DataError(f"there is no folder {folder}; write one: labcode export write {folder}")
    values, faults = {}, []
    for file in FILES:
        values[file.name], found = inspect(folder, file)
        faults += found
    faults += extra_faults(folder) + manifest_faults(folder)
    if any(array is not None for array in values.values()):
        faults += diagnose(values)
    difference = float("nan")
    if not faults:
        difference, faults = _through_all_layers(values)
    return Verification(folder, tuple(faults), difference, (folder / MANIFEST).is_file())


def _through_all_layers(values: dict[str, np.ndarray]) -> tuple[float, list[Fault]]:
    """As Lab 2 will do it: from the image to the confidences, with no look at a map in between."""
    numbers = range(IMAGES)
    inputs = np.stack([values[image_file(i).name].reshape(INPUT_SHAPE) for i in numbers])
    weights = {name: values[weights_file(name).name].reshape(SHAPES[name]) for name in SHAPES}
    maps = forward(weights, inputs)
    largest, faults = 0.0, []
    for i in numbers:
        for layer in LAYERS:
            name = map_file(i, layer).name
            off = float(np.abs(maps[layer.name][i].reshape(-1) - values[name]).max())
            largest = max(largest, off)
            if off > TOLERANCE:
                what = f"is off by up to {off:.2g} when computed from the image on"
                faults.append(Fault(name, what, "compute the maps in true float32"))
    if faults:  # weights of few bits are no fault in themselves
        what, mend = "has values of 16-bit precision only", "export the float32 weights"
        short = [name for name, array in weights.items() if half_precision(array)]
        faults += [Fault(weights_file(name).name, what, mend) for name in short]
    return largest, faults
