"""Both rooms put the same pixels into the same batch."""

import hashlib

import numpy as np
import pytest

from labcode.batches import plan_epoch
from labcode.errors import DataError
from labcode.recipe import Recipe


def batches(room, dataset, recipe):
    device = room.select_device("cpu")
    resident = room.batches.ResidentImages(dataset.train.images, dataset.train.labels, device)
    plan = plan_epoch(len(resident), recipe, epoch=2)
    return plan, [(np.array(x), np.array(y)) for x, y in resident.epoch(plan)]


@pytest.mark.parametrize(
    "augmentation", [{}, {"crop": 5, "flip": True}], ids=["plain", "augmented"]
)
def test_batches_hold_the_pixels_that_the_plan_names(room, colours, augmentation):
    plan, found = batches(room, colours, Recipe(batch_size=24, **augmentation))
    assert len(found) == plan.steps == 2
    for step, (images, labels) in enumerate(found):
        expected = colours.train.images[plan.order[step]]
        if augmentation:
            sample = np.arange(24)[:, None, None]
            expected = expected[sample, plan.rows[step][:, :, None], plan.columns[step][:, None]]
        np.testing.assert_array_equal(images, expected, strict=True)
        np.testing.assert_array_equal(labels, colours.train.labels[plan.order[step]])


def test_batches_of_the_frameworks_have_the_same_digest(rooms, colours):
    recipe = Recipe(batch_size=16, crop=4, flip=True)
    digests = set()
    for room in rooms.values():
        _, found = batches(room, colours, recipe)
        digest = hashlib.sha256()
        for images, labels in found:
            digest.update(images.tobytes() + labels.tobytes())
        digests.add(digest.hexdigest())
    assert len(digests) == 1


def test_input_lies_between_0_and_1_in_float32(room):
    device = room.select_device("cpu")
    images = np.zeros((2, 64, 64, 3), np.uint8)
    images[0, 1, 2, 0] = 255
    resident = room.batches.ResidentImages(images, np.zeros(2), device)
    x = np.array(room.batches.to_input(resident.images))
    assert x.dtype == np.float32 and x.min() == 0 and x.max() == 1 and x.sum() == 1


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((2, 70, 70, 3), np.uint8), r"shape \(N, 64, 64, 3\)"),
        (np.zeros((64, 64, 3), np.uint8), "images\\[0:1\\]"),
        (np.zeros((2, 3, 64, 64), np.uint8), r"not \(2, 3, 64, 64\)"),
        (np.zeros((2, 64, 64, 3), np.float32), "uint8 from 0 to 255, not float32"),
    ],
)
def test_images_of_another_shape_or_type_are_refused_before_they_are_computed(
    room, images, message
):
    with pytest.raises(DataError, match=message):
        room.predict_logits(room.build_model(), images)
