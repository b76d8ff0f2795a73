"""Layer by layer: do the stored images, weights and maps fit together, and if not, why not?

Each layer is computed from the *stored* map before it, in every order in which the files may have
been written. The order that reproduces the stored output is the one that was used, and the next
layer goes on from there, so that one fault does not hide another.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import islice, product

import numpy as np

from labcode.binaries.faults import Fault
from labcode.binaries.layout import IMAGES, image_file, map_file, weights_file
from labcode.binaries.matching import (
    FITS,
    Match,
    best_match,
    compute,
    finish_fault,
    value_fault,
)
from labcode.binaries.readings import (
    Reading,
    image_readings,
    kernel_readings,
    map_readings,
)
from labcode.reference import activate
from labcode.toycnn import LAYERS, Layer

_NO_KERNEL = [Reading(None)]
_WAYS = 12


def diagnose(values: Mapping[str, np.ndarray | None]) -> list[Fault]:
    """Faults of the arrays ``values``: file name -> flat float32, None where it cannot be read."""
    walk = _Walk(values)
    for layer in LAYERS:
        walk.step(layer)
    walk.give_up_unproven()
    return list(dict.fromkeys(walk.faults))


class _Walk:
    """The walk from the images to the confidences, all images side by side.

    ``inputs`` holds for each image the ways in which the next layer's input can be read: one where
    it is known, several where it is not, none where nothing can be said.
    """

    def __init__(self, values: Mapping[str, np.ndarray | None]) -> None:
        self.values = values
        self.faults: list[Fault] = []
        self.unproven: list[Layer] = []  # no map has shown yet in which order their kernels lie
        self.order = 0  # of its readings, the one that the last convolution's kernel had
        files = (image_file(number) for number in range(IMAGES))
        self.inputs = [self._read(file, image_readings) for file in files]

    def step(self, layer: Layer) -> None:
        """Explain the maps of ``layer``, and leave its ways of being read as the next inputs."""
        files = [map_file(number, layer) for number in range(IMAGES)]
        outputs = [self._read(file, map_readings, layer) for file in files]
        kernels, biases = _NO_KERNEL, None
        if layer.weights:
            kernels = self._read(weights_file(f"{layer.weights}_weights"), kernel_readings, layer)
            biases = self.values[weights_file(f"{layer.weights}_biases").name]
            readable = bool(kernels) and biases is not None
            if not readable or not any(self.inputs):
                self.give_up_unproven()
                if readable:
                    self._give_up(layer, "the images or maps that it is applied to")
                self.inputs = outputs
                return
        tried = [bool(given and output) for given, output in zip(self.inputs, outputs, strict=True)]
        matches = self._matches(layer, kernels, biases, outputs, tried)
        fits = [match is not None and match.error < FITS for match in matches]
        proven = next((m.kernel for m, fit in zip(matches, fits, strict=True) if fit), None)
        if proven is not None:
            self.unproven = []
            if layer.kind == "conv":
                self.order = next(i for i, one in enumerate(kernels) if one is proven)
        elif layer.weights:
            if any(tried):
                self._blame_weights(layer)
            else:
                self.unproven.append(layer)
        guesses = [proven] if proven is not None else self._guesses(layer, kernels)
        following = []
        for number, (match, fit) in enumerate(zip(matches, fits, strict=True)):
            if fit:
                following.append(self._accept(layer, match, biases, files[number].name))
                continue
            computed = _computed(layer, self.inputs[number], guesses, biases)
            following.append([*computed, *outputs[number]])
            if tried[number] and (proven is not None or not layer.weights):
                self._blame_map(layer, number)
        self.inputs = following

    def give_up_unproven(self) -> None:
        """Say of which kernels nothing can be said, since their maps are not there."""
        for layer in self.unproven:
            self._give_up(layer, "the maps that it makes")
        self.unproven = []

    def _give_up(self, layer: Layer, lack: str) -> None:
        file = weights_file(f"{layer.weights}_weights").name
        what = f"cannot be checked without {lack}"
        self.faults.append(Fault(file, what, "mend those first, then verify again"))

    def _read(self, file, readings, *arguments) -> list[Reading]:
        values = self.values[file.name]
        return [] if values is None else list(readings(file, values, *arguments))

    def _matches(
        self,
        layer: Layer,
        kernels: list[Reading],
        biases: np.ndarray | None,
        outputs: list[list[Reading]],
        tried: list[bool],
    ) -> list[Match | None]:
        """The best match of each image, all with the kernel that fits most of them."""

        def match(number: int, kernels: list[Reading]) -> Match | None:
            given = self.inputs[number]
            return best_match(layer, given, kernels, biases, outputs[number]) if given else None

        found: list[Match | None] = []
        for number in range(IMAGES):
            found.append(match(number, kernels) if tried[number] else None)
            if found[-1] is not None and found[-1].error < FITS:  # likely the next image's too
                first = found[-1].kernel
                kernels = [first, *(one for one in kernels if one is not first)]
        votes = Counter(m.kernel.faults for m in found if m is not None and m.error < FITS)
        if votes:
            chosen = votes.most_common(1)[0][0]
            kernel = next(one for one in kernels if one.faults == chosen)
            for number, own in enumerate(found):
                if own is not None and own.kernel.faults != chosen:
                    found[number] = match(number, [kernel])
        return found

    def _accept(
        self, layer: Layer, match: Match, biases: np.ndarray | None, file: str
    ) -> list[Reading]:
        """Keep what the readings of ``match`` imply; the next input is the map as it was meant."""
        own = [finish_fault(layer, match, file), value_fault(layer, match, biases, file)]
        implied = (*match.input.faults, *match.kernel.faults, *match.output.faults)
        self.faults += [*implied, *(fault for fault in own if fault is not None)]
        meant = match.output.values
        if match.finish and layer.activation == "relu":
            meant = activate(layer, meant)
        # A damaged value would make the next layer look damaged, so the computed map is tried too.
        computed = _computed(layer, [match.input], [match.kernel], biases) if own[1] else []
        return [Reading(meant), *(Reading(one.values) for one in computed)]

    def _guesses(self, layer: Layer, kernels: list[Reading]) -> list[Reading]:
        """Likely readings of a kernel that no map can prove: as it should be, or as the last."""
        if layer.kind != "conv":
            return kernels
        return [kernels[index] for index in dict.fromkeys((0, self.order))]

    def _blame_weights(self, layer: Layer) -> None:
        file = weights_file(f"{layer.weights}_weights").name
        source = f"those of layer {layer.index - 1}" if layer.index else "the images"
        what = (
            f"and its biases do not give the maps of layer {layer.index} from {source}, "
            "in whatever order they are read"
        )
        mend = "export images, weights and maps of one model together"
        self.faults.append(Fault(file, what, mend))

    def _blame_map(self, layer: Layer, number: int) -> None:
        before = LAYERS[layer.index - 1] if layer.index else None
        source = (map_file(number, before) if before else image_file(number)).name
        what = f"does not follow from {source}, in whatever order the two are read"
        mend = "take all maps of an image from one forward pass over that image"
        self.faults.append(Fault(map_file(number, layer).name, what, mend))


def _computed(
    layer: Layer,
    inputs: Iterable[Reading],
    kernels: Iterable[Reading],
    biases: np.ndarray | None,
) -> list[Reading]:
    """The map of ``layer`` from each of ``inputs``, where the stored one cannot be used.

    Where map after map is missing the ways multiply; a few of the likeliest must do then.
    """
    return [
        Reading(compute(layer, given, kernel, biases), (*given.faults, *kernel.faults))
        for given, kernel in islice(product(inputs, kernels), _WAYS)
    ]
