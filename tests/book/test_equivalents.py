"""The table of equivalents: every row runs, as printed, and is what its last column says."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from labcode.publish.parsing import read_chapter
from tests.book.printed_tables import LABELS, Check, Row, difference, evaluate, faults, read_rows

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "book" / "start" / "equivalents.md"


def share_and_scale(kept) -> np.ndarray:
    """Dropout draws at random: compare how much it drops, and what it makes of the rest."""
    return np.array([(kept == 0).mean(), kept.max()])


def comes_early(order) -> list[bool]:
    """A shuffle draws at random: are all items there, and do late ones get to the front?"""
    return [sorted(order) == list(range(100)), max(order[:10]) > 20]


SAME, LAYOUT, DEFAULT = Check("same"), Check("layout"), Check("default")
CHECKS = {
    "Array to tensor": SAME,
    "Whole numbers": DEFAULT,
    "Change the type": SAME,
    "To bfloat16 and back": Check("same", atol=0),
    "Change the shape": SAME,
    "Reorder the axes": LAYOUT,
    "Matrix product": SAME,
    "Sum over an axis": SAME,
    "Standard deviation": DEFAULT,
    "Place of the largest": DEFAULT,
    "The two largest": SAME,
    "Some rows": SAME,
    "One of each row": LAYOUT,
    "Join": SAME,
    "One-hot": DEFAULT,
    "Overwrite": SAME,
    "To a NumPy array": SAME,
    "Bytes to 0..1": LAYOUT,
    "Dense layer": SAME,
    "Its weights": LAYOUT,
    "Convolution's weights": LAYOUT,
    "Convolution": Check("layout", atol=1e-5),
    "Padded, stride 2": Check("default", atol=1e-5),
    "Max-pool": LAYOUT,
    "Mean over the map": SAME,
    "Flatten": LAYOUT,
    "ReLU after a layer": SAME,
    "Leaky ReLU": DEFAULT,
    "Softmax": SAME,
    "Batch normalisation": Check("default", atol=1e-5),
    "Its moving mean": DEFAULT,
    "Layer normalisation": Check("default", atol=1e-5),
    "Dropout in training": Check("same", share_and_scale, atol=0.04),
    "Dropout, mode unsaid": DEFAULT,
    "Largest new weight": Check("default", atol=1e-4),
    "Largest new bias": DEFAULT,
    "Number of parameters": SAME,
    "Cross-entropy of logits": SAME,
    "The same, unsaid": DEFAULT,
    "One for each image": SAME,
    "Truth as one-hot": SAME,
    "Label smoothing": SAME,
    "Mean squared error": SAME,
    "Derivative": SAME,
    "SGD": SAME,
    "SGD, rate unsaid": DEFAULT,
    "With momentum": SAME,
    "Adam": Check("same", atol=1e-5),
    "Adam, tiny derivatives": Check("default", atol=3e-5),
    "AdamW": Check("default", atol=1e-5),
    "RMSprop": Check("default", atol=1e-5),
    "Halve every 10 steps": DEFAULT,
    "Along a cosine": SAME,
    "Batches": SAME,
    "Whole batches only": SAME,
    "Shuffle": Check("default", comes_early),
    "Resize images": DEFAULT,
    "Right answers": SAME,
    "Among the best two": SAME,
    "Load a saved model": SAME,
    "Where a tensor is": DEFAULT,
    "Number of GPUs": SAME,
    "Profile": SAME,
}

ROWS = read_rows(PAGE.read_text(encoding="utf-8"))


def row(what: str) -> Row:
    return next(one for one in ROWS if one.what == what)


PLANTED = {
    "another axis": replace(
        row("Sum over an axis"), printed=row("Sum over an axis").printed | {"pytorch": "a.sum()"}
    ),
    "a typing mistake": replace(
        row("Softmax"), printed=row("Softmax").printed | {"tensorflow": "tf.nn.sofmax(z)"}
    ),
    "a mend that does not mend": replace(
        row("Leaky ReLU"), alike={"pytorch": "nn.LeakyReLU(0.2)(a)"}
    ),
    "no mend": replace(row("Convolution"), alike={}),
    "one default is given": replace(
        row("Standard deviation"),
        printed=row("Standard deviation").printed | {"pytorch": "a.std(correction=0)"},
    ),
    "a difference that is called the same": replace(row("One-hot"), kind="same", alike={}),
    "another type": replace(
        row("Array to tensor"),
        printed=row("Array to tensor").printed | {"pytorch": "torch.tensor(array).double()"},
    ),
}
"""What could happen to a row -> the row after it happened."""


@pytest.fixture(scope="module")
def values(tmp_path_factory):
    """Every expression's value, by framework: of the page and of the planted faults."""
    chapter = read_chapter(PAGE, root=ROOT)
    found = {}
    for key in LABELS:
        cells = [
            cell.source
            for cell in chapter.cells
            if cell.kind == "code"
            and cell.framework in (None, key)
            and "remove-cell" not in cell.tags
        ]
        expressions = [e for one in (*ROWS, *PLANTED.values()) for e in one.expressions(key)]
        found[key] = evaluate(cells, expressions, tmp_path_factory.mktemp(key), ROOT)
    return found


def test_every_row_is_what_its_last_column_says(values):
    assert faults(ROWS, CHECKS, values) == []


@pytest.mark.parametrize("planted", PLANTED.values(), ids=PLANTED)
def test_a_row_that_no_longer_holds_is_found(values, planted):
    rows = [planted if one.what == planted.what else one for one in ROWS]
    checks = CHECKS | {planted.what: replace(CHECKS[planted.what], kind=planted.kind)}
    found = faults(rows, checks, values)
    assert len(found) == 1 and found[0].startswith(planted.what)


def test_a_row_without_a_check_and_a_check_without_a_row_are_found(values):
    fewer = {name: check for name, check in CHECKS.items() if name != "Adam"}
    assert faults(ROWS, fewer, values) == ["Adam: a row without a check"]
    rows = [one for one in ROWS if one.what != "Adam"]
    assert faults(rows, CHECKS, values) == ["Adam: there is no such row"]
    assert "Adam: more than one row" in faults([*ROWS, row("Adam")], CHECKS, values)


def test_the_page_and_the_test_must_agree_on_the_kind(values):
    relabelled = [replace(one, kind="same") if one.what == "Flatten" else one for one in ROWS]
    assert faults(relabelled, CHECKS, values) == [
        "Flatten: the page says 'same', the test 'layout'"
    ]


def test_a_malformed_row_is_refused():
    for line in (
        "| a | `b` | `c` | no word |",
        "| a | `b` | c | **same** |",
        "| a | `b` | `c` |",
        "| a | `b` | `c` | **other** |",
    ):
        with pytest.raises(ValueError, match="not a row"):
            read_rows(line)


def test_type_shape_and_numbers_count():
    one = np.ones(3, np.float32)
    assert difference(one, one + 1e-7, 1e-6) is None
    assert "types" in difference(one, np.ones(3), 1e-6)
    assert "shapes" in difference(one, np.ones(4, np.float32), 1e-6)
    assert "largest" in difference(one, one + np.float32(1e-3), 1e-6)
    assert difference("cpu", "CPU", 0) is not None
