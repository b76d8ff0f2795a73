"""The toy CNN of Lab 1 as data: layers, shapes, parameters, MACs and bytes; no framework.

Everything that must be known about the network stands here once. Both frameworks build their
model from ``LAYERS``; the tables of the book, the exported files and the profile read it too.
Convolutions have valid padding and stride 1, pools are 2x2 with stride 2; inputs are uint8/255.
"""

from dataclasses import dataclass
from math import prod

INPUT_SHAPE = (64, 64, 3)
"""Height, width, channels of an image (HWC)."""

CLASSES = 200


@dataclass(frozen=True)
class Layer:
    """One layer: ``index`` as the course numbers it, ``name`` as Keras does.

    ``kernel_shape`` is canonical: HWIO for a convolution, (inputs, outputs) for a dense layer, None
    for a layer without weights. ``input_shape`` and ``output_shape`` are HWC without the batch.
    ``weights`` is the stem of its arrays' names: ``conv1`` for ``conv1_weights``, ``conv1_biases``.
    """

    index: int
    name: str
    kind: str
    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]
    kernel_shape: tuple[int, ...] | None = None
    activation: str | None = None
    weights: str | None = None

    @property
    def parameters(self) -> int:
        """Number of weights and biases."""
        return prod(self.kernel_shape) + self.kernel_shape[-1] if self.kernel_shape else 0

    @property
    def macs(self) -> int:
        """Multiply-accumulates for one image; biases, pools and activations not counted."""
        if self.kernel_shape is None:
            return 0
        positions = prod(self.output_shape[:-1])
        return positions * prod(self.kernel_shape)

    @property
    def parameter_bytes(self) -> int:
        """Bytes of the layer's parameters in float32."""
        return 4 * self.parameters

    @property
    def output_bytes(self) -> int:
        """Bytes of the layer's output for one image in float32."""
        return 4 * prod(self.output_shape)

    @property
    def fan_in(self) -> int:
        """Inputs that each output sums over."""
        return prod(self.kernel_shape[:-1])

    @property
    def fan_out(self) -> int:
        """Outputs that each input reaches: receptive field times output channels."""
        return prod(self.kernel_shape[:-2]) * self.kernel_shape[-1]


_PLAN = (
    ("conv", 5, 32),
    ("conv", 5, 32),
    ("pool",),
    ("conv", 3, 64),
    ("conv", 3, 64),
    ("pool",),
    ("conv", 3, 64),
    ("conv", 3, 128),
    ("pool",),
    ("flatten",),
    ("dense", 256, "relu"),
    ("dense", CLASSES, "softmax"),
)
_KERAS_NAMES = {"conv": "conv2d", "pool": "max_pooling2d", "flatten": "flatten", "dense": "dense"}


def _layers() -> tuple[Layer, ...]:
    layers: list[Layer] = []
    shape: tuple[int, ...] = INPUT_SHAPE
    seen: dict[str, int] = {}
    for index, (kind, *arguments) in enumerate(_PLAN):
        count = seen[kind] = seen.get(kind, 0) + 1
        name = _KERAS_NAMES[kind] + (f"_{count - 1}" if count > 1 else "")
        kernel = activation = weights = None
        if kind == "conv":
            size, channels = arguments
            kernel, activation = (size, size, shape[2], channels), "relu"
            output = (shape[0] - size + 1, shape[1] - size + 1, channels)
        elif kind == "pool":
            output = (shape[0] // 2, shape[1] // 2, shape[2])
        elif kind == "flatten":
            output = (prod(shape),)
        else:
            outputs, activation = arguments
            kernel, output = (shape[0], outputs), (outputs,)
        if kernel is not None:
            weights = f"{kind}{count}"
        layers.append(Layer(index, name, kind, shape, output, kernel, activation, weights))
        shape = output
    return tuple(layers)


LAYERS: tuple[Layer, ...] = _layers()
WEIGHTED: tuple[Layer, ...] = tuple(layer for layer in LAYERS if layer.kernel_shape)

PARAMETERS = sum(layer.parameters for layer in LAYERS)
MACS = sum(layer.macs for layer in LAYERS)
ACTIVATION_ELEMENTS = sum(prod(layer.output_shape) for layer in LAYERS)


def layer(name: str) -> Layer:
    """The layer ``name`` (``conv2d_1``) or with weights ``name`` (``conv2``); KeyError if none."""
    for candidate in LAYERS:
        if name in (candidate.name, candidate.weights):
            return candidate
    raise KeyError(f"the toy CNN has no layer {name!r}; it has {[one.name for one in LAYERS]}")
