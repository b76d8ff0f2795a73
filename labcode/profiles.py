"""Budgets of the book, ``quick`` for two CPU cores, ``full`` for a GPU: the only place of them."""

import os
from dataclasses import dataclass

from labcode.errors import LabcodeError

SEED = 487
"""The seed of everything that the book draws at random."""


@dataclass(frozen=True)
class Profile:
    """What a build may spend; ``cell_timeout`` is in seconds."""

    name: str
    cell_timeout: int


PROFILES = {
    "quick": Profile("quick", cell_timeout=600),
    "full": Profile("full", cell_timeout=6 * 3600),
}


def current() -> Profile:
    """The profile named by the environment variable PROFILE, ``quick`` when it is not set."""
    name = os.environ.get("PROFILE") or "quick"
    if name not in PROFILES:
        raise LabcodeError(f"PROFILE={name!r} is unknown; choose from {list(PROFILES)}")
    return PROFILES[name]
