"""Students' notebooks: what is in them, what is not, and the same bytes every time."""

import importlib
import json
import os
import re
import subprocess
import sys
import types
from pathlib import Path

import nbformat
import pytest

from labcode.cli import main
from labcode.errors import ChapterError
from labcode.publish import distribution, names, notebooks, set_up, wheel
from labcode.publish.contents import read_book
from tests.publish.small_chapters import APART, SHARED, TWO, WHOLE, book, chapter, whole

ROOT = Path(__file__).resolve().parents[2]


def read(data: bytes) -> nbformat.NotebookNode:
    return nbformat.reads(data.decode(), as_version=nbformat.NO_CONVERT)


def exported(edition: str = "student", framework: str = "pytorch", **texts: str):
    return read(notebooks.export(whole(**texts), edition)[f"one-{framework}.ipynb"])


def test_every_chapter_with_code_becomes_a_notebook_for_each_framework():
    names = {f"{one}-{key}.ipynb" for one in ("one", "two") for key in ("pytorch", "tensorflow")}
    assert notebooks.export(whole()).keys() == names
    assert notebooks.export(whole(), frameworks=["tensorflow"]).keys() == {
        "one-tensorflow.ipynb",
        "two-tensorflow.ipynb",
    }


def test_a_students_notebook_from_top_to_bottom():
    notebook = exported()
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert notebook.metadata.kernelspec.name == "python3"
    assert notebook.metadata.language_info.name == "python"
    found = [(cell.id, cell.cell_type, cell.source) for cell in notebook.cells]
    assert found[0][:2] == ("set-up", "code") and '"torch": "2.' in found[0][2]
    texts = [source for _, _, source in found[1:]]
    assert texts[0] == "# Doubles\n\nText. % no comment"
    assert texts[1] == "Only in PyTorch."
    assert texts[2] == "x = 1"
    assert texts[3].startswith("### Exercise: Double *it* (3 points)\n\nWrite `double`.")
    assert texts[3].count("<details>") == 2
    assert texts[4] == ("def double(x):\n    # YOUR CODE HERE\n    raise NotImplementedError()")
    assert texts[5] == 'assert double(2) == 4, "twice 2 is 4"'
    assert texts[6].endswith("[Chapter *two*](two-pytorch.ipynb), "
                             "[there](two-pytorch.ipynb), here, “No code here”.")  # fmt: skip
    assert texts[7:] == [
        "**Question 1** (1 point)\n\nHow\nlarge is the sum?",
        "YOUR ANSWER HERE",
        "**Question 2** (3 points)\n\nWhy?",
        "YOUR ANSWER HERE",
    ]
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert cell.outputs == [] and cell.execution_count is None
    assert notebook.cells[3].metadata == {"jupyter": {"source_hidden": True}}


def test_nbgrader_finds_solution_check_and_answers():
    for edition in notebooks.EDITIONS:
        graded = {
            c.id: c.metadata.nbgrader for c in exported(edition).cells if c.metadata.get("nbgrader")
        }
        told = {
            name: (m.grade, m.solution, m.locked, m.get("points")) for name, m in graded.items()
        }
        assert told == {
            "one-double": (False, True, False, None),
            "one-double-check": (True, False, True, 3),
            "one-q1": (True, True, False, 1),
            "one-q2": (True, True, False, 3),
        }
        assert all(m.grade_id == name and m.schema_version == 3 for name, m in graded.items())


def test_canaries_of_solutions_are_in_the_solution_edition_only():
    for text in (SHARED, APART):
        found = {e: b"".join(notebooks.export(whole(f"# T\n\n(sum)=\n## S\n\n{text}"), e).values())
                 for e in notebooks.EDITIONS}  # fmt: skip
        for canary in (b"CANARY-SOLUTION", b"CANARY-HIDDEN"):
            assert found["solution"].count(canary) == 2  # one a framework
            assert canary not in found["student"]
    both = b"".join(b"".join(notebooks.export(whole(), e).values()) for e in notebooks.EDITIONS)
    assert b"secret_record" not in both and b"labcode/index" not in both


def test_the_student_edition_is_what_nbgrader_would_release(tmp_path):
    source = tmp_path / "source" / "lab"
    source.mkdir(parents=True)
    for name, data in notebooks.export(whole(), "solution").items():
        (source / name).write_bytes(data)
    (tmp_path / "nbgrader_config.py").write_text("c = get_config()\n")
    command = [sys.executable, "-m", "nbgrader", "generate_assignment", "lab"]
    own = {"JUPYTER_DATA_DIR": str(tmp_path / "jupyter"), "HOME": str(tmp_path)}
    # nbgrader starts alembic, which lies beside it, by its bare name.
    own["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        command, cwd=tmp_path, env=os.environ | own, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    for name, data in notebooks.export(whole(), "student").items():
        assert json.loads((tmp_path / "release" / "lab" / name).read_text()) == json.loads(data)


def test_ids_are_unique_valid_and_survive_an_edit_elsewhere():
    def ids(text):
        return [cell.id for cell in exported(one=text).cells]

    before = ids(WHOLE)
    assert len(set(before)) == len(before)
    assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", name) for name in before)
    assert ids(WHOLE.replace("Only in PyTorch", "In PyTorch only"))[3:] == before[3:]
    assert ids(WHOLE.replace("return x + x", "return 2 * x")) == before
    assert [cell.id for cell in exported("solution").cells] == before


def test_equal_cells_have_ids_of_their_own():
    text = "# T\n\n(sum)=\n## S\n\n" + "```{code-cell}\nx = 1\n```\n\n" * 3
    found = [cell.id for cell in exported(one=text).cells[2:]]
    assert len(set(found)) == 3 and found[1] == f"{found[0]}-2"


def test_the_same_source_gives_the_same_bytes_in_another_process():
    program = (
        "import hashlib\n"
        "from labcode.publish import notebooks\n"
        "from tests.publish.small_chapters import whole\n"
        "for e in notebooks.EDITIONS:\n"
        "    for name, data in notebooks.export(whole(), e).items():\n"
        "        print(name, hashlib.sha256(data).hexdigest())\n"
    )
    told = []
    for seed in ("1", "2"):
        env = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        told.append(subprocess.check_output([sys.executable, "-c", program], env=env, cwd=ROOT))
    assert told[0] == told[1] and told[0].count(b"\n") == 8


HIDES = "```{code-cell}\n:tags: [remove-cell]\nHIDDEN\n```\n\n```{code-cell}\nVISIBLE\n```\n"
"""Two cells in a row; the hidden one begins on line 5 of a chapter."""

NEEDS = {
    "a name": ("import math", "y = 1\nprint(math.pi)", 1),
    "a name in a function": ("k = 2", "def f(x):\n    return k * x", 1),
    "a name in a comprehension": ("k = 2", "[k * x for x in (1, 2)]", 0),
    "a name that is then replaced": ("k = 2", "k = k + 1", 0),
    "a name that grows": ("k = 2", "k += 1", 0),
    "a name of a loop": ("for i in range(3): pass", "print(i)", 0),
    "a function": ("def f(): pass", "f()", 0),
    "a default": ("k = 2", "def f(x=k): pass", 0),
}

NEEDS_NOT = {
    "another name": ("k = 2", "j = 1\nprint(j)"),
    "a name of its own": ("k = 2", "k = 3\nprint(k)"),
    "its own import": ("import math", "import math\nprint(math.pi)"),
    "a loop's own name": ("i = 2", "for i in range(3):\n    print(i)"),
    "a file's own name": ("f = 2", "with open('x') as f:\n    f.read()"),
    "an argument": ("k = 2", "def f(k):\n    return k\ng = lambda k: k"),
    "a comprehension's own name": ("k = 2", "[k for k in (1, 2)]\nsum(k for k in (1,))"),
    "a local name": ("k = 2", "def f():\n    k = 1\n    return k"),
    "a magic": ("k = 2", "%time j = 3\n!ls"),
}


@pytest.mark.parametrize("hidden, visible, below", NEEDS.values(), ids=NEEDS.keys())
def test_a_cell_that_needs_a_hidden_one_stops_with_file_and_line(hidden, visible, below):
    text = "# T\n\n" + HIDES.replace("HIDDEN", hidden).replace("VISIBLE", visible)
    line = text[: text.rindex(visible)].count("\n") + 1 + below
    with pytest.raises(ChapterError, match=rf"^book/one\.md:{line}: .*line 5 makes"):
        notebooks.export(book(one=text))


@pytest.mark.parametrize("hidden, visible", NEEDS_NOT.values(), ids=NEEDS_NOT.keys())
def test_a_cell_that_makes_its_names_itself_stays(hidden, visible):
    text = "# T\n\n" + HIDES.replace("HIDDEN", hidden).replace("VISIBLE", visible)
    assert notebooks.export(book(one=text))


def test_a_value_that_a_hidden_cell_replaces_is_missed_and_an_import_is_not():
    first = "```{code-cell}\nimport math\nk = 1\n```\n\n"
    text = "# T\n\n" + first + HIDES.replace("VISIBLE", "print(k, math.pi)")
    assert notebooks.export(book(one=text.replace("HIDDEN", "import math")))
    with pytest.raises(ChapterError, match="needs 'k'"):
        notebooks.export(book(one=text.replace("HIDDEN", "k = 2")))


def test_what_is_not_python_is_named():
    one = chapter("# T\n\n```{code-cell}\nx = 1\nx = = 2\n```\n")
    with pytest.raises(ChapterError, match=r"^book/one\.md:5: .*not Python"):
        names.check(one.cells[1:], one.where)


def test_chapters_of_one_name_and_ids_that_meet_are_named():
    two = book(**{"a/x": TWO, "b/x": TWO})
    with pytest.raises(ChapterError, match=r"^book/b/x\.md:1: .*book/a/x\.md"):
        notebooks.export(two)
    met = SHARED.replace("double", "a").replace("id: a,", "id: b-a,").replace(":id: a", ":id: b-a")
    other = SHARED.replace("double", "a")
    with pytest.raises(ChapterError, match=r"^book/x-b\.md:\d+: .*'x-b-a' is taken by book/x\.md"):
        notebooks.export(book(**{"x": "# T\n\n" + met, "x-b": "# U\n\n" + other}))
    long = SHARED.replace("id: double", "id: " + "d" * 60)
    with pytest.raises(ChapterError, match="at most"):
        notebooks.export(book(one="# T\n\n" + long))


@pytest.fixture
def check_set_up(monkeypatch, capsys, tmp_path):
    """Run the set-up cell where only these modules, with these versions, can be imported."""

    def run(repository="", **versions):
        def import_module(name):
            if name.partition(".")[0] not in versions:
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)
            version = versions[name.partition(".")[0]]
            return types.SimpleNamespace(__version__=version)

        monkeypatch.chdir(tmp_path)
        with monkeypatch.context() as patch:
            patch.setattr(importlib, "import_module", import_module)
            try:
                exec(set_up.cell("pytorch", "lab1-pytorch.zip", repository), {})
                complete = True
            except ImportError as error:
                assert "not complete" in str(error)
                complete = False
        return complete, capsys.readouterr().out

    return run


def test_the_first_cell_says_what_to_install(check_set_up, tmp_path):
    pins = {"labcode": "1.0.0", "torch": distribution.locked()["torch"]}
    complete, told = check_set_up(**pins)
    assert complete and told.startswith("Set-up: Python 3.") and "labcode 1.0.0" in told

    complete, told = check_set_up(**pins | {"torch": "2.0.0+cpu"})
    assert complete and f"This is torch 2.0.0; the lab was tried with {pins['torch']}." in told

    complete, told = check_set_up(torch=pins["torch"])
    assert not complete and "labcode cannot be imported: No module named 'labcode'" in told
    assert "Unpack lab1-pytorch.zip from the book" in told

    complete, told = check_set_up("https://example.org/labcode-1.whl", labcode="1.0.0")
    assert not complete and "torch cannot be imported" in told
    assert '%pip install "labcode[pytorch] @ https://example.org/labcode-1.whl"' in told

    (tmp_path / "requirements.txt").touch()
    complete, told = check_set_up()
    assert not complete and "run:  %pip install -r requirements.txt" in told
    assert "Unpack" not in told


def test_a_notebook_alone_installs_the_wheel_of_the_published_site_and_clones_no_sources(tmp_path):
    found = book(tmp_path, two=TWO)
    assert b"github" not in notebooks.export(found)["two-pytorch.ipynb"]
    (tmp_path / "_config.yml").write_text("repository:\n  url: https://github.com/example/lab\n")
    data = notebooks.export(found)["two-pytorch.ipynb"].decode()
    where = "https://raw.githubusercontent.com/example/lab/gh-pages/notebooks/"
    assert f"labcode[pytorch] @ {where}{wheel.build()[0]}" in data
    assert "git+" not in data


def test_the_command_writes_one_edition_and_never_beside_another_book(tmp_path, capsys):
    (tmp_path / "book").mkdir()
    (tmp_path / "_toc.yml").write_text("format: jb-book\nroot: book/two\n")
    (tmp_path / "book" / "two.md").write_text(TWO)
    command = ["notebooks", "--root", str(tmp_path)]
    assert main(command) == 0
    folder = tmp_path / "_build" / "notebooks-student"
    assert {p.name for p in folder.iterdir()} == {"two-pytorch.ipynb", "two-tensorflow.ipynb"}
    assert main([*command, "--edition", "solution"]) == 0
    assert (tmp_path / "_build" / "notebooks-solution" / "two-pytorch.ipynb").is_file()
    (folder / "old-pytorch.ipynb").touch()
    capsys.readouterr()
    assert main(command) == 1
    assert "old-pytorch.ipynb" in capsys.readouterr().err


@pytest.fixture(scope="module")
def real():
    return read_book(ROOT)


@pytest.fixture(scope="module", params=notebooks.EDITIONS)
def edition(request, real):
    found = notebooks.export(real, request.param)
    assert notebooks.export(real, request.param) == found  # the same bytes twice
    return {name: read(data) for name, data in found.items()}


def test_every_real_chapter_is_a_valid_notebook_in_both_frameworks(real, edition):
    chapters = [one for one in real.chapters.values() if one.executable]
    assert len(edition) == 2 * len(chapters) > 30
    for notebook in edition.values():
        nbformat.validate(notebook, relax_add_props=False)
        assert all(not cell.get("outputs") for cell in notebook.cells)


LEFTOVERS = re.compile(
    r"^:::|^\+\+\+|^\([\w-]+\)=|\{[\w:-]+\}CODE|\[\^|\]\(#|\]\([^)]*\.md|\[\]\(|^%", re.M
)


def test_no_real_notebook_holds_myst_or_a_link_to_nowhere(edition):
    for name, notebook in edition.items():
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                prose = re.sub(r"(?ms)^(`{3,}).*?^\1$|(`+).+?\2", "CODE", cell.source)
                assert not LEFTOVERS.search(prose), (name, LEFTOVERS.search(prose)[0])
                for target in re.findall(r"\]\(([^)]+)\)", prose):
                    assert target in edition or target.startswith("https://"), (name, target)
