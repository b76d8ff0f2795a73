"""The profiles hold the course's own budgets and ones that two cores can pay."""

from dataclasses import replace

import pytest

from labcode import profiles
from labcode.errors import LabcodeError
from labcode.profiles import PROFILES


def test_the_full_profile_is_what_the_course_asks():
    full = PROFILES["full"]
    assert (full.classes, full.per_class) == (200, 500)
    assert (full.batch_sizes, full.epochs) == ((32, 64, 128), 20)
    assert full.epoch_counts == (3, 10, 100)
    assert full.precision == "float32"


def test_a_quick_book_trains_on_what_two_cores_can_pay():
    quick = PROFILES["quick"]
    images = quick.classes * quick.per_class
    longest = max(quick.epoch_counts[-1], quick.epochs) * images
    others = (len(quick.batch_sizes) - 1) * quick.epochs * images
    seeds = 3 * quick.epoch_counts[0] * images
    # 110 images a second in float32 on two cores without AVX-512: under three minutes.
    assert longest + others + seeds <= 18_000
    # Bfloat16 takes minutes a batch on a processor that has no instructions for it.
    assert quick.precision == "float32"


def test_a_rehearsal_differs_from_the_full_book_in_how_much_it_trains_and_in_nothing_else():
    full, rehearsal = PROFILES["full"], PROFILES["rehearsal"]
    amounts = ("per_class", "val_per_class", "lesson_per_class", "epochs", "epoch_counts")
    same = {name: getattr(full, name) for name in ("name", "probe_images", *amounts)}
    assert replace(rehearsal, **same) == full
    longest = rehearsal.epoch_counts[-1] * rehearsal.classes * rehearsal.per_class
    assert longest <= 6000


@pytest.mark.parametrize("profile", PROFILES.values(), ids=list(PROFILES))
def test_the_budgets_of_a_profile_fit_together(profile):
    assert profile.name in PROFILES and PROFILES[profile.name] is profile
    assert list(profile.epoch_counts) == sorted(set(profile.epoch_counts))
    assert list(profile.batch_sizes) == sorted(set(profile.batch_sizes))
    # The run at batch 32 serves both studies, and it can be cut for the one of batch sizes.
    assert profile.batch_sizes[0] == 32 and profile.epochs <= profile.epoch_counts[-1]
    # Seeds are compared after the shortest run, batch sizes after at least as many epochs.
    assert profile.epoch_counts[0] <= profile.epochs
    assert profile.lesson_classes <= profile.classes
    assert profile.lesson_per_class <= profile.per_class
    assert profile.lesson_classes * profile.lesson_per_class >= max(profile.batch_sizes)


def test_the_environment_chooses_the_profile(monkeypatch):
    for value, name in (("full", "full"), ("", "quick")):
        monkeypatch.setenv("PROFILE", value)
        assert profiles.current().name == name
    monkeypatch.delenv("PROFILE")
    assert profiles.current().name == "quick"


def test_an_unknown_profile_is_named_with_those_there_are(monkeypatch):
    monkeypatch.setenv("PROFILE", "fast")
    with pytest.raises(LabcodeError, match=r"PROFILE='fast'.*quick.*full"):
        profiles.current()


def test_a_profile_cannot_be_changed_by_a_chapter():
    quick = PROFILES["quick"]
    with pytest.raises(AttributeError):
        quick.epochs = 1
    assert replace(quick, epochs=1).epochs == 1 and quick.epochs != 1
