"""The checkpoints that come with labcode: there, whole, and as good as their cards say."""

import importlib

import numpy as np
import pytest

from labcode import metrics, weights
from labcode.data import open_dataset
from labcode.errors import DataError
from labcode.frameworks import FRAMEWORKS
from labcode.recipe import Recipe
from labcode.shipping import RECIPES, card_text


@pytest.mark.parametrize("name", RECIPES)
def test_a_checkpoint_is_whole_and_its_card_tells_how_it_was_made(name):
    path = weights.checkpoint_path(name)
    assert sum(array.size for array in weights.load_weights(path).values()) == 770_216
    card = weights.load_card(path)
    assert Recipe.from_dict(card["recipe"]) == RECIPES[name]  # fields of later have their defaults
    assert set(card["measured"]) == set(FRAMEWORKS)
    assert all(m["images"] == card["data"]["val_images"] for m in card["measured"].values())
    assert path.with_suffix(".md").read_text() == card_text(name, card)


def test_the_tiny_imagenet_checkpoint_beats_the_courses_own_by_far():
    card = weights.load_card(weights.checkpoint_path("tiny-imagenet"))
    assert card["data"]["train_images"] == 100_000
    for measured in card["measured"].values():
        assert measured["images"] == 10_000
        assert measured["top1"] >= 0.31


@pytest.mark.parametrize("name", RECIPES)
def test_the_checkpoint_is_as_good_as_its_card_says_and_the_frameworks_agree_in_every_logit(name):
    try:
        val = open_dataset(name).val
    except DataError:
        pytest.skip("Tiny ImageNet is not installed here: make data")
    card = weights.load_card(weights.checkpoint_path(name))
    if len(val) != card["data"]["val_images"]:
        pytest.skip(f"only {len(val):,} validation images are installed here")
    trained = weights.shipped_weights(name)
    few = slice(None, None, 10)  # all images in one framework, every tenth in the other
    logits = []
    for key, part in zip(FRAMEWORKS, (slice(None), few), strict=True):
        room = importlib.import_module(f"labcode.{key}")
        images = val.images[part]
        logits.append(room.predict_logits(room.build_model(trained), images, device="cpu"))
    whole, (one, other) = logits[0], (logits[0][few], logits[1])
    assert abs(one - other).max() < 1e-4
    best_two = np.sort(one, axis=1)[:, -2:]
    ties = best_two[:, 1] - best_two[:, 0] <= 1e-4
    assert ((one.argmax(1) == other.argmax(1)) | ties).all()
    measured = metrics.evaluation(whole, val.labels)
    for said in card["measured"].values():  # logits so near cannot have others
        assert measured.top1 == pytest.approx(said["top1"], abs=2.5 / len(val))
        assert measured.loss == pytest.approx(said["loss"], abs=1e-3)
