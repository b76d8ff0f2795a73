"""Lines, names and concepts are those that one counts by hand, however the code is dressed."""

import ast
import importlib
from pathlib import Path

import pytest

import labcode
from labcode.errors import ChapterError
from labcode.usability import count
from labcode.usability.concepts import CONCEPTS, concepts_of

HOME = Path(labcode.__file__).parent

PYTORCH = '''
"""A cell that trains."""
import torch
from torch import nn as layers  # an alias

build = layers.Linear  # another one


def step(model, batch, truth):
    """One step: calls .backward() and torch.relu, or so says the docstring."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    loss = layers.CrossEntropyLoss()

    # forget the derivatives: optimizer.zero_grad()
    error = loss(
        model(batch),
        truth,
    )
    error.backward()
    print(error.item())
    for _ in range(3):
        print("torch.ones")
    return optimizer.step()


step(build(4, 3), torch.ones(2, 4), torch.tensor([0, 1]))
'''

TENSORFLOW = """
import tensorflow as t
from tensorflow.keras import losses as costs
import keras

make = t.keras.layers.Dense


@t.function
def step(model, batch, truth):
    with t.GradientTape() as notes:
        error = costs.SparseCategoricalCrossentropy(from_logits=True)(truth, model(batch))
    slopes = notes.gradient(error, model.trainable_variables)
    keras.optimizers.SGD(learning_rate=0.1).apply(slopes, model.trainable_variables)
    return error.numpy().mean()


step(make(3), t.ones((2, 4)), t.constant([0, 1]))
"""


def test_lines_and_names_of_pytorch_are_those_counted_by_hand():
    told = count([PYTORCH])
    assert told.names == (
        ".backward",
        ".parameters",
        ".step",
        "torch.nn.CrossEntropyLoss",
        "torch.nn.Linear",
        "torch.ones",
        "torch.optim.SGD",
        "torch.tensor",
    )
    # def, optimizer, loss, error (4 lines), backward, return, and the call of step
    assert (told.statements, told.lines) == (7, 10)
    assert told.keywords == ("lr",)
    assert told.packages == ("torch",)


def test_lines_and_names_of_tensorflow_are_those_counted_by_hand():
    told = count([TENSORFLOW])
    assert told.names == (
        ".apply",
        ".gradient",
        ".numpy",
        ".trainable_variables",
        "keras.layers.Dense",
        "keras.losses.SparseCategoricalCrossentropy",
        "keras.optimizers.SGD",
        "tensorflow.GradientTape",
        "tensorflow.constant",
        "tensorflow.function",
        "tensorflow.ones",
    )
    # the decorator, def, with, error, slopes, apply, return, and the call of step
    assert (told.statements, told.lines) == (8, 8)
    assert told.keywords == ("from_logits", "learning_rate")
    assert told.packages == ("keras", "tensorflow")


@pytest.mark.parametrize("source", [PYTORCH, TENSORFLOW])
def test_comments_docstrings_blank_lines_and_prints_count_nothing(source):
    noisy = []
    for line in source.splitlines():
        noisy += [line, "", "# torch.zeros() # tf.zeros()"]
    longer = "\n".join(noisy) + '\n"""Nothing."""\nprint(1)\nfor _ in "ab":\n    print(2)\n'
    assert count([longer]) == count([source])


@pytest.mark.parametrize(
    "path",
    [
        HOME / room / f
        for room in ("pytorch", "tensorflow")
        for f in ("training.py", "profiling.py")
    ],
)
def test_statements_and_names_do_not_depend_on_the_layout(path):
    source = path.read_text(encoding="utf-8")
    other = ast.unparse(ast.parse(source))  # other lines, no comments
    one, two = count([source]), count([other])
    assert (one.statements, one.names, one.keywords) == (two.statements, two.names, two.keywords)
    assert one.statements > 20 and one.names


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("import torch\nhidden = torch.nn\nmore = hidden\nmore.ReLU()", {"torch.nn.ReLU"}),
        ("from torch.nn import ReLU as R\nR()", {"torch.nn.ReLU"}),
        ("import torch.nn.functional as f\nf.relu(1)", {"torch.nn.functional.relu"}),
        ("import tensorflow as tf\ntf.keras.Input(3)", {"keras.Input"}),
        ("import torch\nt = torch.ones(3)\nu = t + 1\nf'{u.mean()}'", {"torch.ones", ".mean"}),
        ("import torch\na = torch.ones(3).numpy()\na.mean()", {"torch.ones", ".numpy"}),
        ("import torch\nfor b in torch.ones(3):\n    b.abs()", {"torch.ones", ".abs"}),
        ("import torch\n[b.abs() for b in torch.ones(3)]", {"torch.ones", ".abs"}),
        ("import numpy as np\nnp.ones(3).mean()", set()),
        ("import torch\ndef f(x):\n    x.abs()\nf(torch.ones(3))", {"torch.ones", ".abs"}),
        ("import torch\ndef f(x):\n    x.append(1)\nf([])", set()),
        ("def hook(module, result):\n    result.detach()", {".detach"}),
        ("import torch\ntorch.backends.cudnn.allow_tf32 = False", {"torch.backends.cudnn"}),
        (
            "from torch import nn\nclass N(nn.Module):\n    def __init__(self):\n"
            "        self.mine = nn.ReLU()\n    def forward(self, x):\n        return self.mine(x)",
            {"torch.nn.Module", "torch.nn.ReLU", ".forward"},
        ),
        (
            "class Plain:\n    def forward(self, x: int):\n        return self.other(x).sum()",
            set(),
        ),
        (
            "import torch\nclass Plain:\n    def __init__(self, given: int):\n"
            "        self.one, self.two = torch.ones(3), given\n"
            "    def use(self):\n        return self.one.sum() + self.two.mean()",
            {"torch.ones", ".sum"},
        ),
    ],
)
def test_names_are_followed_through_aliases_objects_and_functions(code, names):
    assert set(count([code]).names) == names


def test_only_chosen_cells_are_counted_but_all_are_read():
    cells = ["from torch import nn as hidden", "make = hidden.Linear", "x = make(1, 2)", "y = 1"]
    told = count(cells, [2])
    assert told.names == ("torch.nn.Linear",)
    assert told.statements == 1
    later = ["def f(x):\n    return x.abs()", "import torch\nf(torch.ones(3))"]
    assert count(later, [0]).names == (".abs",)
    never = ["def f(x):\n    return x.abs()", "f(3)"]
    assert count(never, [0]).names == ()


def test_what_is_not_python_is_an_error_with_its_place():
    with pytest.raises(ChapterError, match="book/x.md:1: line 1 of code cell 2 is not Python"):
        count(["x = 1", "%matplotlib inline"], where="book/x.md")


def test_a_name_without_a_concept_is_an_error():
    with pytest.raises(ChapterError, match="no concept is declared for torch.nn.Novelty"):
        concepts_of(["torch.nn.ReLU", "torch.nn.Novelty"])
    assert concepts_of(["torch.nn.ReLU", "torch.relu"], ["activation", "unheard_of"]) == (
        "activation function",
    )


def test_each_name_stands_for_one_concept():
    names = [name for each in CONCEPTS.values() for name in each.split()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("packages", [("torch", "torchinfo", "PIL"),
                                      ("tensorflow", "keras")])  # fmt: skip
def test_every_path_of_a_concept_exists_in_the_installed_framework(packages):
    if "tensorflow" in packages:
        from labcode import tensorflow  # noqa: F401  (keeps its start quiet)
    names = [name for each in CONCEPTS.values() for name in each.split()]
    paths = [name for name in names if name.partition(".")[0] in packages]
    assert paths
    for path in paths:
        resolved(path)
    with pytest.raises((AttributeError, ModuleNotFoundError)):
        resolved(f"{packages[0]}.Novelty")


def resolved(path: str) -> object:
    """What a dotted path names: the longest module, and attributes from there."""
    parts = path.split(".")
    for cut in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:cut]))
        except ModuleNotFoundError:
            continue
        for part in parts[cut:]:
            found = getattr(found, part)
        return found
    raise ModuleNotFoundError(path)
