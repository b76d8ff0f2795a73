"""The plan of an epoch: every image once, the same for the same seed and epoch."""

from dataclasses import replace

import numpy as np
import pytest

from labcode.batches import plan_epoch, steps_per_epoch
from labcode.recipe import Recipe


def test_each_image_comes_once():
    plan = plan_epoch(96, Recipe(batch_size=32), epoch=0)
    assert plan.order.shape == (3, 32) and plan.steps == 3
    assert sorted(plan.order.ravel()) == list(range(96))
    assert plan.rows is None and plan.columns is None


def test_the_remainder_sits_out_and_is_another_each_epoch():
    left_out = []
    for epoch in range(3):
        plan = plan_epoch(100, Recipe(batch_size=32), epoch)
        seen = set(plan.order.ravel())
        assert len(seen) == plan.order.size == 96
        left_out.append(frozenset(range(100)) - seen)
    assert len(set(left_out)) == 3


def test_fewer_images_than_a_batch_make_one_batch():
    assert plan_epoch(5, Recipe(batch_size=32), 0).order.shape == (1, 5)
    assert steps_per_epoch(5, 32) == 1


def test_a_plan_depends_on_seed_and_epoch_alone():
    recipe = Recipe(batch_size=8, crop=3, flip=True)
    one, same = (plan_epoch(64, recipe, 5) for _ in range(2))
    for part in ("order", "rows", "columns"):
        np.testing.assert_array_equal(getattr(one, part), getattr(same, part))
    for other in (plan_epoch(64, recipe, 6), plan_epoch(64, replace(recipe, seed=1), 5)):
        assert not np.array_equal(one.order, other.order)


def test_the_order_is_the_same_with_and_without_augmentation():
    plain = plan_epoch(64, Recipe(batch_size=8), 1)
    shifted = plan_epoch(64, Recipe(batch_size=8, crop=3, flip=True), 1)
    np.testing.assert_array_equal(plain.order, shifted.order)


def test_a_shifted_image_is_a_crop_of_the_mirrored_border():
    crop = 6
    plan = plan_epoch(64, Recipe(batch_size=64, crop=crop), 0)
    image = np.random.default_rng(0).integers(0, 256, (64, 64))
    padded = np.pad(image, crop, mode="reflect")
    corners = set()
    for rows, columns in zip(plan.rows[0], plan.columns[0], strict=True):
        found = image[rows[:, None], columns]
        places = [
            (y, x)
            for y in range(2 * crop + 1)
            for x in range(2 * crop + 1)
            if np.array_equal(found, padded[y : y + 64, x : x + 64])
        ]
        assert len(places) == 1
        corners |= set(places)
    assert len(corners) > 30


def test_about_half_of_the_images_are_mirrored():
    plan = plan_epoch(2000, Recipe(batch_size=100, flip=True), 0)
    straight = np.arange(64)
    mirrored = (plan.columns == straight[::-1]).all(axis=-1)
    assert ((plan.columns == straight).all(axis=-1) | mirrored).all()
    assert (plan.rows == straight).all()
    assert mirrored.mean() == pytest.approx(0.5, abs=0.05)
