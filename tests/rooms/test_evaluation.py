"""Accuracy is taken over exactly every image."""

import numpy as np
import pytest

from labcode.weights import initial_weights


@pytest.fixture(scope="module")
def model(room):
    return room.build_model(initial_weights("kaiming-uniform", 4))


@pytest.mark.parametrize("batch_size", [1, 8, 37, 100])
def test_every_image_counts_once_whatever_the_batch(room, model, split_of, batch_size):
    split = split_of("val", 37, 6)
    logits = room.predict_logits(model, split.images, batch_size=250)
    split.labels = logits.argmax(axis=1)
    split.labels[5:] = (split.labels[5:] + 1) % 200
    measured = room.evaluate(model, split, batch_size=batch_size)
    assert measured.images == 37
    # Not 5/40: the images that would fill up the last batch of eight are not counted.
    assert measured.top1 == 5 / 37
    others = logits.argsort(axis=1)[:, ::-1]
    top10 = [label in row[:10] for label, row in zip(split.labels, others, strict=True)]
    assert measured.top10 == pytest.approx(np.mean(top10))


def test_logits_do_not_depend_on_the_batch(room, model, split_of):
    images = split_of("val", 11, 7).images
    whole = room.predict_logits(model, images)
    parts = room.predict_logits(model, images, batch_size=4)
    np.testing.assert_allclose(parts, whole, atol=1e-5)


def test_bfloat16_stays_close_and_leaves_the_model_in_float32(room, model, split_of):
    images = split_of("val", 8, 7).images
    before = room.predict_logits(model, images)
    low = room.predict_logits(model, images, precision="bfloat16")
    assert low.dtype == np.float32
    assert 0 < abs(low - before).max() < 0.05 * abs(before).max()
    np.testing.assert_array_equal(room.predict_logits(model, images), before)


def test_dropout_is_off_in_inference(room, split_of):
    weights = initial_weights("kaiming-uniform", 4)
    images = split_of("val", 4, 7).images
    with_dropout = room.build_model(weights, dropout=0.5)
    plain = room.build_model(weights)
    np.testing.assert_array_equal(
        room.predict_logits(with_dropout, images), room.predict_logits(plain, images)
    )
