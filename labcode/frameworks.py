"""The two frameworks of the lab: the one place for their keys, labels and colours."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Framework:
    """A framework as the book names and draws it.

    ``key`` is the tag of its cells and the name of its room in labcode; ``colour`` is taken from
    the Okabe-Ito palette, so that the pair stays apart for colour-blind readers and, by its
    lightness, in grey print.
    """

    key: str
    label: str
    colour: str


FRAMEWORKS: dict[str, Framework] = {
    "pytorch": Framework("pytorch", "PyTorch", "#D55E00"),
    "tensorflow": Framework("tensorflow", "TensorFlow", "#0072B2"),
}
