"""A training run as a small declared record that means the same to both frameworks."""

from dataclasses import asdict, dataclass, fields

import numpy as np

from labcode.errors import RecipeError
from labcode.profiles import SEED

OPTIMIZERS = ("sgd", "adam", "adamw")
SCHEDULES = ("constant", "one-cycle")
PRECISIONS = ("float32", "bfloat16")
LOSSES = ("logits", "probabilities", "softmax-twice")
ORDERS = ("shared", "framework")
SMALLEST_PROBABILITY = 1e-7
"""Where the loss ``probabilities`` clips them, at both ends: Keras' own constant."""


@dataclass(frozen=True)
class Recipe:
    """Everything that decides how a network is trained, apart from its first weights and the data.

    ``learning_rate`` is the peak of the schedule. ``weight_decay`` is decoupled (AdamW only) and
    applies to all parameters. ``dropout`` is the share of inputs dropped before each dense layer.
    ``crop`` shifts each image by up to that many pixels, mirrored at the border; ``flip`` mirrors
    half of the images. ``patience`` stops after so many epochs without a lower validation loss.
    ``bfloat16`` computes in bfloat16 and keeps weights, gradients' sums and loss in float32.

    The last three exist to be compared. ``loss`` is the cross-entropy of the ``logits``, that of
    the ``probabilities`` (softmax first, clipped, then the logarithm), or ``softmax-twice``, the
    mistake of giving probabilities to a loss that expects logits. ``order`` says who shuffles:
    ``shared`` is NumPy, for both frameworks alike. ``epsilon_hat`` adds Adam's epsilon before the
    bias correction, as Keras does by itself; PyTorch has no such Adam.
    """

    epochs: int = 10
    batch_size: int = 32
    optimizer: str = "adam"
    learning_rate: float = 1e-3
    schedule: str = "constant"
    momentum: float = 0.0
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-7
    weight_decay: float = 0.0
    label_smoothing: float = 0.0
    dropout: float = 0.0
    crop: int = 0
    flip: bool = False
    patience: int | None = None
    precision: str = "float32"
    compile: bool = False
    seed: int = SEED
    loss: str = "logits"
    order: str = "shared"
    epsilon_hat: bool = False

    def __post_init__(self) -> None:
        def require(condition: bool, message: str) -> None:
            if not condition:
                raise RecipeError(message)

        require(self.epochs >= 1, f"epochs must be at least 1, not {self.epochs}")
        require(self.batch_size >= 1, f"batch_size must be at least 1, not {self.batch_size}")
        require(self.learning_rate > 0, f"learning_rate must be positive, not {self.learning_rate}")
        require(0 <= self.dropout < 1, f"dropout must lie in [0, 1), not {self.dropout}")
        require(
            0 <= self.label_smoothing < 1,
            f"label_smoothing must lie in [0, 1), not {self.label_smoothing}",
        )
        require(0 <= self.crop <= 32, f"crop must lie in 0..32 pixels, not {self.crop}")
        require(
            self.patience is None or self.patience >= 1,
            f"patience must be at least 1 epoch or None, not {self.patience}",
        )
        require(
            not self.weight_decay or self.optimizer == "adamw",
            f"weight_decay works with optimizer 'adamw' only, not {self.optimizer!r}",
        )
        require(
            not self.label_smoothing or self.loss == "logits",
            f"label_smoothing works with the loss 'logits' only, not {self.loss!r}",
        )
        require(
            not self.epsilon_hat or self.optimizer != "sgd", "epsilon_hat belongs to Adam and AdamW"
        )
        for name, value, known in (
            ("optimizer", self.optimizer, OPTIMIZERS),
            ("schedule", self.schedule, SCHEDULES),
            ("precision", self.precision, PRECISIONS),
            ("loss", self.loss, LOSSES),
            ("order", self.order, ORDERS),
        ):
            require(value in known, f"unknown {name} {value!r}; choose from {list(known)}")

    @classmethod
    def from_dict(cls, record: dict) -> "Recipe":
        """The recipe in ``record``; RecipeError names the fields that do not exist."""
        unknown = sorted(set(record) - {field.name for field in fields(cls)})
        if unknown:
            raise RecipeError(f"a recipe has no field {', '.join(unknown)}")
        return cls(**record)

    def asdict(self) -> dict:
        """The recipe as a plain dict, for JSON."""
        return asdict(self)

    def require_textbook(self) -> None:
        """RecipeError for anything that a loop as tutorials write it would silently ignore."""
        asked = {
            "augmentation": self.augments,
            f"precision {self.precision}": self.precision != "float32",
            "compile": self.compile,
            f"schedule {self.schedule}": self.schedule != "constant",
            f"optimizer {self.optimizer}": self.optimizer != "adam",
            f"loss {self.loss}": self.loss != "logits",
            "label smoothing": self.label_smoothing > 0,
        }
        if ignored := [name for name, wanted in asked.items() if wanted]:
            raise RecipeError(f"this form has no {', '.join(ignored)}; use the form 'labcode'")

    @property
    def augments(self) -> bool:
        """Whether images are shifted or mirrored on the way into a batch."""
        return bool(self.crop or self.flip)

    def learning_rates(self, steps: int) -> np.ndarray:
        """Learning rate of each of ``steps`` steps, float32, shape (steps,).

        ``one-cycle`` rises in a straight line over the first fifth from a 25th of the peak, then
        falls along a cosine to a ten-thousandth of it (after Smith, 2018).
        """
        if self.schedule == "constant":
            return np.full(steps, self.learning_rate, np.float32)
        rise = max(1, steps // 5)
        up = np.linspace(1 / 25, 1, rise, endpoint=False)
        phase = np.linspace(0, 1, max(1, steps - rise))
        down = 1e-4 + (1 - 1e-4) * (1 + np.cos(np.pi * phase)) / 2
        return (self.learning_rate * np.concatenate([up, down])[:steps]).astype(np.float32)
