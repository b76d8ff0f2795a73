"""The studies of the book, each a grid of declared records: what is compared, and on what data.

The views are small, for two cores must be able to pay for them; ``scale`` makes each study what a
GPU can: all of Tiny ImageNet.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from labcode.errors import ExperimentError
from labcode.experiments.records import Edge, Latency, Passes, Record, Training, Usability, View
from labcode.frameworks import FRAMEWORKS
from labcode.recipe import Recipe

SCALES = ("small", "full")


@dataclass(frozen=True)
class Study:
    """A named grid. With ``timed``, the runs of a group take turns and have the machine to
    themselves; ``group`` says which runs belong together (by default each is alone). A ``derived``
    study measures nothing: its result follows from the sources, and a new one replaces the old.
    """

    name: str
    question: str
    records: tuple[Record, ...]
    timed: bool = False
    group: Callable[[Record], object] | None = None
    derived: bool = False

    def shard(self, number: int, count: int) -> list[Record]:
        """Part ``number`` (from 1) of ``count``: whole groups, dealt out in turn."""
        if not 1 <= number <= count:
            raise ExperimentError(f"there is no shard {number}/{count}; write 1/{count} to "
                                  f"{count}/{count}")  # fmt: skip
        return [
            r for group in list(self._grouped(self.records))[number - 1 :: count] for r in group
        ]

    def groups(self, of: Sequence[Record]) -> Iterator[list[Record]]:
        """``of`` in the groups that run together."""
        yield from self._grouped(of)

    def _grouped(self, of: Sequence[Record]) -> Iterator[list[Record]]:
        if self.group is None:
            yield from ([record] for record in of)
            return
        found: dict[object, list[Record]] = {}
        for record in of:
            found.setdefault(self.group(record), []).append(record)
        yield from found.values()


def ladder(data: str, scale: str = "small") -> Study:
    """From the report's two set-ups to equal ones, one switch at a time."""
    small = scale == "small"
    view, epochs = (View(data, 10, 40, val=250), 8) if small else (View(data, 200, 500), 10)
    seeds = 5
    found: dict[Record, None] = {}
    for _, pair in rungs(view, epochs):
        for record in pair:
            for seed in range(seeds):
                found[replace(record, recipe=replace(record.recipe, seed=seed))] = None
    return Study("ladder", "Why did the report's PyTorch learn less?", tuple(found))


def rungs(view: View, epochs: int = 8) -> list[tuple[str, tuple[Training, Training]]]:
    """The rungs from the first to the last: name of the switch, and the pair (seed 0).

    PyTorch begins as the report trained: batch 128 by a left-over variable, rate 3e-4,
    Kaiming-uniform kernels, its own Adam and shuffling, a loss on logits. TensorFlow begins as the
    lab's edition does: batch 32, rate 1e-3, Glorot-uniform, Keras' Adam and shuffling, a softmax
    and the loss on its probabilities.
    """
    torch = Training(
        "pytorch",
        view,
        Recipe(epochs=epochs, batch_size=128, learning_rate=3e-4, epsilon=1e-8,
               order="framework", seed=0),
        initialiser="kaiming-uniform",
    )  # fmt: skip
    keras = Training(
        "tensorflow",
        view,
        Recipe(epochs=epochs, batch_size=32, learning_rate=1e-3, epsilon=1e-7, epsilon_hat=True,
               loss="probabilities", order="framework", seed=0),
        initialiser="glorot-uniform",
    )  # fmt: skip
    found = [("report", (torch, keras))]

    def change(name: str, torch_recipe: dict, keras_recipe: dict, **torch_own) -> None:
        torch, keras = found[-1][1]
        torch = replace(torch, recipe=replace(torch.recipe, **torch_recipe), **torch_own)
        keras = replace(keras, recipe=replace(keras.recipe, **keras_recipe))
        found.append((name, (torch, keras)))

    change("batch size", {"batch_size": 32}, {})
    change("learning rate", {"learning_rate": 1e-3}, {})
    change("initialiser", {}, {}, initialiser="glorot-uniform")
    change("epsilon", {"epsilon": 1e-7}, {"epsilon_hat": False})
    change("loss form", {}, {"loss": "logits"})
    change("data order", {"order": "shared"}, {"order": "shared"})
    return found


def collapse(data: str, scale: str = "small") -> Study:
    """All 200 classes: which first weights, optimiser and loss leave the plateau at ln 200.

    A hundred steps are enough to see whether the network is dead. The case itself gets three
    seeds; the two cures and the softmax taken twice get two each, where they matter; and one pair
    goes on for six hundred steps, to see who leaves the plateau in the end.
    """
    view, epochs, size = View(data, 200, 4, val=100), 2, 16
    if scale == "full":
        view, epochs, size = View(data, 200, 500), 10, 32
    adam = {"optimizer": "adam", "learning_rate": 1e-3}
    gentle = {"optimizer": "adam", "learning_rate": 1e-4}
    sgd = {"optimizer": "sgd", "learning_rate": 1e-2, "momentum": 0.9}
    every = ("pytorch-default", "glorot-uniform", "kaiming-uniform")
    cases = [
        (adam, "logits", every, 3, epochs),
        (gentle, "logits", every[:2], 2, epochs),
        (sgd, "logits", every[:2], 2, epochs),
        (adam, "softmax-twice", every[2:], 2, epochs),
        (gentle, "logits", every[1:2], 1, 6 * epochs),
        (adam, "logits", every[1:2], 1, 6 * epochs),
    ]
    return Study(
        "collapse",
        "When does the loss stay at ln 200 = 5.298, why, and what cures it?",
        tuple(
            Training(
                framework,
                view,
                Recipe(epochs=length, batch_size=size, loss=loss, seed=seed, **optimiser),
                initialiser=initialiser,
                probe=True,
            )
            for optimiser, loss, initialisers, seeds, length in cases
            for seed in range(seeds)
            for initialiser in initialisers
            for framework in FRAMEWORKS
        ),
    )


def accuracy(data: str, scale: str = "small") -> Study:
    """Batch sizes 32, 64, 128, and epochs 3, 10, 100 at batch 32, on equal terms, with seeds.

    With a constant rate a run of 100 epochs contains those of 3 and 10.
    """
    view = View(data, 10, 16, val=200) if scale == "small" else View(data, 200, 500)
    return Study(
        "accuracy",
        "How well does each framework learn, over batch sizes and epochs?",
        tuple(
            Training(framework, view, Recipe(epochs=epochs, batch_size=size, seed=seed))
            for seed in range(3)
            for size, epochs in ((32, 100), (64, 20), (128, 20))
            for framework in FRAMEWORKS
        ),
    )


def speed(data: str, scale: str = "small") -> Study:
    """Training in each framework's plain and faster forms, in turns, with equal batches."""
    view = View(data, 10, 32, val=200) if scale == "small" else View(data, 200, 500)
    forms = {
        "pytorch": (("plain", {}), ("plain+kept-memory", {}), ("channels-last", {}),
                    ("labcode", {}), ("labcode", {"compile": True}), ("labcode+kept-memory", {})),
        "tensorflow": (("plain", {}), ("plain+onednn", {}), ("eager", {}),
                       ("steps-per-execution", {}), ("labcode", {}),
                       ("labcode", {"compile": True}), ("labcode+onednn", {})),
    }  # fmt: skip
    if scale == "full":
        for of_framework in ("pytorch", "tensorflow"):
            forms[of_framework] += (("labcode", {"precision": "bfloat16"}),)
    return Study(
        "speed",
        "How long does an epoch take, plainly and at best?",
        tuple(
            Training(
                framework, view, Recipe(epochs=6, batch_size=size, seed=seed, **flags), form=form
            )
            for size, seed in ((32, 0), (32, 1), (32, 2))
            for framework in FRAMEWORKS
            for form, flags in forms[framework]
        ),
        timed=True,
        group=lambda record: (record.recipe.batch_size, record.recipe.seed),
    )


def latency(data: str, scale: str = "small") -> Study:
    """Inference of one image and of a batch, in each form, in turns."""
    forms = {
        "pytorch": ("plain", "channels-last", "channels-last+kept-memory", "compiled"),
        "tensorflow": ("plain", "eager", "graph", "graph+onednn", "compiled"),
    }
    return Study(
        "latency",
        "How long does inference take, of one image and of many?",
        tuple(
            Latency(framework, form, batch, repeats)
            for batch, repeats in ((1, 20), (100, 2))
            for framework in FRAMEWORKS
            for form in forms[framework]
        ),
        timed=True,
        group=lambda record: record.batch,
    )


def passes(data: str, scale: str = "small") -> Study:
    """The operations of a training step one by one, beside the whole step and the peak."""
    ways = (
        ("pytorch", "plain"),
        ("pytorch", "plain+kept-memory"),
        ("tensorflow", "plain"),
        ("tensorflow", "plain+onednn"),
    )
    return Study(
        "passes",
        "Where does a training step fall short of the peak?",
        tuple(Passes(framework, form, batch=32) for framework, form in ways),
        timed=True,
        group=lambda record: record.batch,
    )


def edge(data: str, scale: str = "small") -> Study:
    """The shipped checkpoint on the runtimes of small devices, in float32 and in int8."""
    view = View(data, 200, 1, val=1000 if scale == "small" else None)
    return Study(
        "edge",
        "What does the network cost on a small device?",
        tuple(
            Edge(framework, view, precision)
            for framework in FRAMEWORKS
            for precision in ("float32", "int8")
        ),
        timed=True,
    )


def usability(data: str, scale: str = "small") -> Study:
    """What a student has to write in each framework, counted from the chapters."""
    return Study("usability", "How much is there to write, by count?", (Usability(),), derived=True)


STUDIES: dict[str, Callable[[str, str], Study]] = {
    "ladder": ladder,
    "collapse": collapse,
    "accuracy": accuracy,
    "speed": speed,
    "latency": latency,
    "passes": passes,
    "edge": edge,
    "usability": usability,
}


def study(name: str, data: str, scale: str = "small") -> Study:
    """The study ``name`` on the data set ``data``; ExperimentError lists those there are."""
    if name not in STUDIES:
        raise ExperimentError(f"there is no study {name!r}; choose from {', '.join(STUDIES)}")
    if scale not in SCALES:
        raise ExperimentError(f"there is no scale {scale!r}; choose from {', '.join(SCALES)}")
    return STUDIES[name](data, scale)
