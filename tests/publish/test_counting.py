"""The book's chapters and rooms are counted where they stand, and a piece that moved is missed."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from labcode.errors import ChapterError
from labcode.experiments import records, results
from labcode.experiments.quantities import value
from labcode.publish.counting import UNSEEN, count
from labcode.usability.activities import ACTIVITIES, Activity, Piece
from labcode.usability.concepts import CONCEPTS

PROJECT = Path(__file__).parents[2]

CHAPTER = """\
# One

(first)=
## First

```{code-cell}
:tags: [pytorch]
import torch
from PIL import Image
from torchinfo import summary

picture = Image.open("a.jpg").convert("RGB")
tensor = torch.tensor(picture)  # and no word of it: optimizer
```

```{code-cell}
:tags: [tensorflow]
import tensorflow as tf

tensor = tf.io.decode_jpeg(tf.io.read_file("a.jpg"), 3)
```

(second)=
## Second

```{code-cell}
:tags: [pytorch, remove-cell]
tensor = tensor.mean()
```

```{code-cell}
:tags: [tensorflow, remove-cell]
tensor = tf.reduce_mean(tensor)
```

```{code-cell}
def twice(tensor):
    return tensor.numpy()
```

```{code-cell}
:tags: [pytorch]
both = summary(twice(tensor), depth=2)
```

```{code-cell}
:tags: [tensorflow]
both = tf.keras.callbacks.TensorBoard(twice(tensor))
```
"""

ROOM = '''\
"""A module."""

from labcode import shared
from labcode.LIBRARY import only


def evaluate(one):
    """Nothing."""
    return one.numpy()
'''


@pytest.fixture
def project(tmp_path):
    """A book of one chapter, two rooms of one file, and a module for each."""
    (tmp_path / "_config.yml").touch()
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "one.md").write_text(CHAPTER)
    for room, library in (("pytorch", "hooks"), ("tensorflow", "traces")):
        (tmp_path / "labcode" / room).mkdir(parents=True)
        (tmp_path / "labcode" / room / "own.py").write_text(ROOM.replace("LIBRARY", library))
        (tmp_path / "labcode" / f"{library}.py").write_text("x = 1\ny = 2\n")
    (tmp_path / "labcode" / "tensorflow" / "alone.py").write_text("z = 3\n")
    (tmp_path / "pyproject.toml").write_text(
        "[project.optional-dependencies]\npytorch = ['torch==2', 'torchinfo>=1']\n"
        "tensorflow = ['tensorflow', 'keras>=3']\n"
    )
    return tmp_path


def activity(*pieces: Piece) -> dict[str, Activity]:
    return {"one": Activity("One", {"pytorch": pieces, "tensorflow": pieces})}


def test_a_piece_is_the_first_cell_of_its_section_that_uses_the_name(project):
    told = count(project, activity(Piece("book/one", "first", "tensor")))["activities"]["one"]
    assert told["title"] == "One"
    assert told["pytorch"] == {
        "statements": 2,
        "lines": 2,
        "names": [".convert", "PIL.Image.open", "torch.tensor"],
        "keywords": [],
        "packages": ["PIL", "torch", "torchinfo"],
        "concepts": ["decoding an image", "reading a file", "tensor made from data"],
        "add": ["pillow", "torchinfo"],
    }
    assert told["tensorflow"]["names"] == ["tensorflow.io.decode_jpeg", "tensorflow.io.read_file"]
    assert told["tensorflow"]["add"] == []


def test_removed_cells_are_passed_over_and_untagged_ones_count_in_both(project):
    told = count(project, activity(Piece("book/one", "second", "tensor")))["activities"]["one"]
    for framework in ("pytorch", "tensorflow"):
        assert told[framework]["names"] == [".numpy"]
        assert told[framework]["statements"] == 2


def test_pieces_of_chapters_and_functions_of_rooms_add_up(project):
    pieces = (
        Piece("book/one", "second", "both"),
        Piece("book/one", "second", "twice"),
        Piece("labcode/pytorch/own.py", "", "evaluate"),
    )
    told = count(project, activity(*pieces))["activities"]["one"]
    assert told["pytorch"]["statements"] == 1 + 2 + 2
    assert told["pytorch"]["names"] == [".numpy", "torchinfo.summary"]
    assert told["pytorch"]["keywords"] == ["depth"]
    assert told["tensorflow"]["add"] == ["tensorboard"]


@pytest.mark.parametrize(
    "piece",
    [
        Piece("book/one", "first", "optimizer"),  # in a comment only
        Piece("book/one", "third", "tensor"),
        Piece("book/one", "first", "twice"),  # in another section
        Piece("labcode/pytorch/own.py", "", "train"),
    ],
)
def test_a_piece_that_is_not_there_is_an_error_that_says_what_to_edit(project, piece):
    with pytest.raises(ChapterError, match=f"{piece.source}.*{piece.name}.*activities.py"):
        count(project, activity(piece))


def test_a_new_name_needs_a_concept(project):
    path = project / "book" / "one.md"
    path.write_text(CHAPTER.replace("torch.tensor(", "torch.novelty("))
    with pytest.raises(ChapterError, match="torch.novelty"):
        count(project, activity(Piece("book/one", "first", "tensor")))


def test_rooms_are_counted_file_by_file_and_what_only_one_imports_besides(project):
    told = count(project, {})
    one = {"statements": 2, "lines": 2, "names": 1, "keywords": 0}
    assert told["rooms"] == {"own.py": {"pytorch": one, "tensorflow": one}}
    two = {"statements": 2, "lines": 2, "names": 0, "keywords": 0}
    assert told["beside"] == {"pytorch": {"hooks.py": two}, "tensorflow": {"traces.py": two}}
    assert told["extras"] == {"pytorch": ["torchinfo"], "tensorflow": []}


@pytest.mark.parametrize("part", sorted(UNSEEN))
def test_what_brings_an_unseen_package_does_not_work_without_it(part, tmp_path):
    """Each entry of UNSEEN is true of the frameworks that are installed."""
    use = {
        "torch.utils.tensorboard": "import torch.utils.tensorboard",
        # What the callback calls for each value that it logs.
        "keras.callbacks.TensorBoard": "import tensorflow as tf\n"
        "with tf.summary.create_file_writer('logs').as_default():\n"
        "    tf.summary.scalar('x', 1.0, step=0)",
    }[part]
    blocked = f"import sys\nsys.modules['{UNSEEN[part]}'] = None\n{use}"
    command = [sys.executable, "-c", blocked]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode != 0
    assert UNSEEN[part] in done.stderr.lower()


@pytest.fixture(scope="module")
def book() -> dict:
    return count(PROJECT)


def test_the_book_shows_every_activity_in_both_frameworks(book):
    assert list(book["activities"]) == list(ACTIVITIES)
    for told in book["activities"].values():
        for framework in ("pytorch", "tensorflow"):
            assert told[framework]["statements"] >= 1
            assert told[framework]["names"] and told[framework]["concepts"]
    assert json.loads(json.dumps(book)) == book


def test_every_concept_is_met_in_the_book(book):
    met = {
        concept
        for told in book["activities"].values()
        for framework in ("pytorch", "tensorflow")
        for concept in told[framework]["concepts"]
    }
    assert met == set(CONCEPTS)


def test_prose_may_state_the_recorded_counts(book, tmp_path):
    record, told = records.as_dict(records.Usability()), dict.fromkeys(results.PROVENANCE)
    results.save(results.Result(record, "ok", book, None, told, 1.0), "usability", tmp_path)
    maps = book["activities"]["maps"]
    assert value("usability.maps.lines.pytorch", tmp_path) == maps["pytorch"]["lines"]
    assert value("usability.maps.names.tensorflow", tmp_path) == len(maps["tensorflow"]["names"])
    lines = [file["tensorflow"]["lines"] for file in book["rooms"].values()]
    assert value("usability.rooms.all.lines.tensorflow", tmp_path) == sum(lines)
    assert value("usability.extras.pytorch", tmp_path) == len(book["extras"]["pytorch"])


def test_the_recorded_counts_are_those_of_the_current_sources(book):
    recorded = sorted((PROJECT / "book" / "results" / "usability").glob("*.json"))
    if not recorded:
        pytest.skip("no counts are recorded in book/results/usability")
    for path in recorded:
        outcome = json.loads(path.read_text(encoding="utf-8"))["outcome"]
        assert outcome == book, (
            f"{path} tells of other sources than these; delete it and run "
            "'labcode experiment run usability'"
        )
