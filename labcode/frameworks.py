"""The two frameworks of the lab: their keys, labels, colours, and which Python runs them."""

import os
import sys
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


def setting(framework: str) -> str:
    """The environment variable that names the interpreter of ``framework``."""
    return f"LABCODE_PYTHON_{framework.upper()}"


def interpreter(framework: str) -> str:
    """The Python that runs ``framework``: this one, unless LABCODE_PYTHON_<FRAMEWORK> names one."""
    return os.environ.get(setting(framework)) or sys.executable
