"""The checkpoints that come with labcode: how they were trained, and how they are made again.

``labcode ship tiny-imagenet`` trains by the recipe below (and goes on where it was killed),
measures the result on every validation image in both frameworks, each in a process of its own,
and writes the weights with their model card.
"""

import argparse
import importlib
import json
import subprocess
import sys
from pathlib import Path

from labcode import provenance
from labcode.data import Dataset, open_dataset
from labcode.errors import LabcodeError
from labcode.files import atomic_write
from labcode.frameworks import FRAMEWORKS, interpreter
from labcode.history import History
from labcode.recipe import Recipe
from labcode.toycnn import MACS, PARAMETERS
from labcode.weights import SHIPPED, initial_weights, save_weights

INITIALISER = "kaiming-uniform"

RECIPES = {
    "tiny-imagenet": Recipe(
        epochs=16,
        batch_size=128,
        optimizer="adamw",
        learning_rate=1.5e-3,
        schedule="one-cycle",
        weight_decay=0.05,
        label_smoothing=0.1,
        dropout=0.4,
        crop=4,
        flip=True,
        precision="bfloat16",
    ),
    "sample": Recipe(
        epochs=20,
        batch_size=32,
        optimizer="adamw",
        learning_rate=1e-3,
        schedule="one-cycle",
        weight_decay=0.02,
        dropout=0.2,
        crop=4,
        precision="bfloat16",
    ),
}


def add_parser(verbs) -> None:
    """Register ``ship`` with the command line."""
    verb = verbs.add_parser("ship", help="train and measure a checkpoint to ship with labcode")
    verb.add_argument("name", choices=list(RECIPES), help="the data set to train on")
    verb.add_argument("--work", type=Path, default=Path("_build/ship"), help="folder of the run")
    verb.set_defaults(func=run)


def run(options: argparse.Namespace) -> int:
    """Train, measure in both frameworks, write weights and card."""
    dataset = open_dataset(options.name)
    if dataset.partial and not dataset.generated:
        raise LabcodeError(
            f"{dataset.title} is installed in part ({len(dataset.train):,} training images); "
            "a checkpoint to ship needs all of it: labcode data add tiny-imagenet"
        )
    recipe = RECIPES[options.name]
    trained, history = _train(dataset, recipe, options.work / f"{options.name}.safetensors")
    candidate = options.work / f"{options.name}-weights.safetensors"
    save_weights(candidate, trained)
    measured = {key: _measure_apart(key, options.name, candidate) for key in FRAMEWORKS}
    card = {
        "data": dataset.describe(),
        "recipe": recipe.asdict(),
        "initialiser": INITIALISER,
        "trained_with": "pytorch",
        "epochs": history.asdict()["epochs"],
        "measured": measured,
        "provenance": provenance.collect(dataset.describe(), recipe.seed),
    }
    save_weights(SHIPPED / f"{options.name}.safetensors", trained, card)
    atomic_write(SHIPPED / f"{options.name}.md", card_text(options.name, card))
    for framework, figures in measured.items():
        print(f"{framework}: top-1 {figures['top1']:.2%} of {figures['images']:,} images")
    return 0


def card_text(name: str, card: dict) -> str:
    """The model card as Markdown; every figure in it comes from ``card``."""
    data, recipe, made = card["data"], card["recipe"], card["provenance"]
    hours = sum(epoch["train_seconds"] for epoch in card["epochs"]) / 3600
    trainer = FRAMEWORKS[card["trained_with"]].label
    rows = "\n".join(
        f"| {FRAMEWORKS[framework].label} | {m['images']:,} | {m['top1']:.2%} | {m['top5']:.2%} "
        f"| {m['top10']:.2%} | {m['loss']:.4f} |"
        for framework, m in card["measured"].items()
    )
    settings = "\n".join(f"| {key} | {value} |" for key, value in recipe.items())
    return f"""# Model card: toy CNN, trained on {data["title"]}

Weights of the toy CNN of Lab 1 ({PARAMETERS:,} parameters, {MACS:,} MACs for an image), in
`{name}.safetensors`: float32, convolutions HWIO, dense layers (inputs, outputs), flattened in HWC
order. For teaching; it knows 200 classes of 64 x 64 pixel images and nothing else.

## Accuracy, float32, on every validation image

| framework | images | top-1 | top-5 | top-10 | loss (nats) |
|---|---|---|---|---|---|
{rows}

## Data

{data["title"]}: {data["classes"]} classes, {data["train_images"]:,} training images,
{data["val_images"]:,} validation images, digest `{data["digest"]}`.
Validation images were used to watch the training, not to choose among checkpoints: the weights are
those after the last epoch.

## Recipe

Trained with labcode's own trainer in {trainer}, from weights drawn by the initialiser
{card["initialiser"]}; {hours:.1f} hours of training on {made["cpu"]} ({made["cores"]} cores).

| setting | value |
|---|---|
{settings}

Made again with `labcode ship {name}`.
"""


def _train(dataset: Dataset, recipe: Recipe, checkpoint: Path) -> tuple[dict, History]:
    from labcode import pytorch as room

    model = room.build_model(initial_weights(INITIALISER, recipe.seed), dropout=recipe.dropout)
    history = room.train(model, dataset, recipe, checkpoint=checkpoint)
    return room.get_weights(model), history


def _measure_apart(framework: str, name: str, weights: Path) -> dict:
    command = [interpreter(framework), "-m", "labcode.shipping", framework, name, str(weights)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise LabcodeError(f"measuring in {framework} failed; see its traceback above")
    return json.loads(done.stdout.splitlines()[-1])


def _measure(framework: str, name: str, weights: str) -> dict:
    from labcode.weights import load_weights

    room = importlib.import_module(f"labcode.{framework}")
    model = room.build_model(load_weights(weights))
    return room.evaluate(model, open_dataset(name).val).asdict()


if __name__ == "__main__":
    print(json.dumps(_measure(*sys.argv[1:])))
