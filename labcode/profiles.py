"""Budgets of the book, the only place of them.

``quick`` is for two CPU cores and ``full`` for a GPU. ``rehearsal`` is the full one with few images
and epochs, to try a new runner before it is given a night.
"""

import os
from dataclasses import dataclass, replace

from labcode.errors import LabcodeError

SEED = 487
"""The seed of everything that the book draws at random."""


@dataclass(frozen=True)
class Profile:
    """What a build may spend.

    ``cell_timeout`` is in seconds. Experiments train on the first ``classes`` classes with
    ``per_class`` training and ``val_per_class`` validation images each (None for all), in
    ``precision``, float32 so that any processor can: without instructions for it, bfloat16 is many
    times slower. They take ``epochs`` epochs at each of ``batch_sizes``, and as many as each of
    ``epoch_counts`` says at batch 32. The loop that a chapter writes out runs in float32 on
    ``lesson_classes`` classes with ``lesson_per_class`` images each. A chapter that compares many
    models counts their hits on ``probe_images`` validation images. Each timing is repeated
    ``repeats`` times.
    """

    name: str
    cell_timeout: int
    classes: int
    per_class: int
    val_per_class: int | None
    lesson_classes: int
    lesson_per_class: int
    epochs: int
    batch_sizes: tuple[int, ...]
    epoch_counts: tuple[int, ...]
    precision: str
    probe_images: int
    repeats: int


QUICK = Profile(
    "quick",
    cell_timeout=600,
    classes=10,
    per_class=30,
    val_per_class=25,
    lesson_classes=10,
    lesson_per_class=24,
    epochs=3,
    batch_sizes=(32, 64, 128),
    epoch_counts=(2, 4, 8),
    precision="float32",
    probe_images=300,
    repeats=15,
)
FULL = Profile(
    "full",
    cell_timeout=6 * 3600,
    classes=200,
    per_class=500,
    val_per_class=None,
    lesson_classes=200,
    lesson_per_class=500,
    epochs=20,
    batch_sizes=(32, 64, 128),
    epoch_counts=(3, 10, 100),
    precision="float32",
    probe_images=10_000,
    repeats=50,
)
REHEARSAL = replace(
    FULL,
    name="rehearsal",
    per_class=3,
    val_per_class=2,
    lesson_per_class=3,
    epochs=4,
    epoch_counts=(3, 5, 10),
    probe_images=1000,
)
PROFILES = {profile.name: profile for profile in (QUICK, FULL, REHEARSAL)}


def current() -> Profile:
    """The profile named by the environment variable PROFILE, ``quick`` when it is not set."""
    name = os.environ.get("PROFILE") or "quick"
    if name not in PROFILES:
        raise LabcodeError(f"PROFILE={name!r} is unknown; choose from {list(PROFILES)}")
    return PROFILES[name]
