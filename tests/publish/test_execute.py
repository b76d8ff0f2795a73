"""Kernels that work, fail, hang, die and shout; builds that repeat, overlap and are killed."""

import os
import signal
import subprocess
import sys
import time

import pytest

from labcode.errors import AgreementError, ExecutionError
from labcode.publish.execute import agree, differing_shared_cells
from labcode.publish.kernel import STREAM_LIMIT

RECORD = "from labcode import agreement; agreement.record('sum', [1.0, {}], atol=1e-3)"

BUILD = """
import sys
from pathlib import Path
from labcode.publish.parsing import read_chapter
from labcode.publish.execute import execute_chapters
root = Path(sys.argv[1])
chapters = [read_chapter(path, root=root) for path in sorted((root / "book").glob("*.md"))]
done = execute_chapters(chapters, root=root, frameworks=("pytorch",),
                        dataset={"digest": "0"}, package=root / "src" / "labcode")
print([run.notebook.cells[-1].outputs[0].text for run in done.values()])
"""


def build(book, **options):
    """The book's build as a process of its own."""
    command = [sys.executable, "-c", BUILD, str(book.root)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
    )


def test_a_relative_data_folder_means_the_same_in_a_kernel(book, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LABCODE_DATA", "data")
    book.write("a", "import os; print(os.environ['LABCODE_DATA'])")
    done = book.execute("pytorch")
    assert done["book/a", "pytorch"].notebook.cells[-1].outputs[0].text == f"{tmp_path / 'data'}\n"


def test_each_framework_runs_its_own_cells_in_a_clean_kernel(book, monkeypatch):
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    book.write(
        "a",
        "pytorch: name = 'torch'",
        "tensorflow: name = 'keras'",
        "import os; print(name, os.listdir(), os.environ['LABCODE_FRAMEWORK'])",
        "os.environ['PYTHONHASHSEED'], os.environ.get('KERAS_BACKEND'), os.environ['PYTHONPATH']",
    )
    done = book.execute()
    torch, keras = done["book/a", "pytorch"], done["book/a", "tensorflow"]
    assert torch.notebook.cells[-2].outputs[0].text == "torch [] pytorch\n"
    assert keras.notebook.cells[-2].outputs[0].text == "keras [] tensorflow\n"
    assert str(book.package.parent) in torch.notebook.cells[-1].outputs[0].data["text/plain"]
    assert "'tensorflow'" in keras.notebook.cells[-1].outputs[0].data["text/plain"]
    assert [c.execution_count for c in keras.notebook.cells if c.cell_type == "code"] == [1, 2, 3]
    assert differing_shared_cells(book.chapters()[0], torch, keras) == [3, 4]

    meta = torch.meta
    assert meta["seconds"] > 0 and len(meta["cell_seconds"]) == 3
    assert 10 * 2**20 < meta["peak_memory_bytes"] < 2**31
    assert meta["provenance"]["dataset"] == {"name": "none", "digest": "0"}
    assert meta["provenance"]["seed"] == 487
    assert "[2/2] book/a · TensorFlow: 3 cells" in book.printed
    assert "executed" in book.printed


def test_only_what_a_change_concerns_runs_again(book):
    book.write("a", counted=True)
    book.write("b", "pytorch: x = 1", "tensorflow: x = 2", "x", counted=True)
    everything = ["a pytorch", "a tensorflow", "b pytorch", "b tensorflow"]
    book.execute()
    assert book.ran() == everything

    again = book.execute()
    assert book.ran() == [] and all(run.from_cache for run in again.values())
    assert "cached" in book.printed

    book.write("b", "pytorch: x = 1", "tensorflow: x = 2", "x", prose="Other.", counted=True)
    edited = book.execute()["book/b", "tensorflow"]
    assert book.ran() == []
    assert "Other." in edited.notebook.cells[0].source
    assert edited.notebook.cells[-1].outputs[0].data["text/plain"] == "2"

    (book.package / "publish" / "page.py").write_text("second = 2\n")
    book.execute()
    assert book.ran() == []

    book.write("b", "pytorch: x = 1", "tensorflow: x = 3", "x", counted=True)
    book.execute()
    assert book.ran() == ["b tensorflow"]

    with (book.package / "profiles.py").open("a") as file:
        file.write("# edited\n")
    book.execute("pytorch")
    assert book.ran() == everything[::2]

    for entry in book.entries():
        entry.write_bytes(entry.read_bytes()[:-40])
    book.execute("pytorch")
    assert book.ran() == ["a pytorch", "b pytorch"]


def test_a_change_of_the_recorded_runs_runs_again_what_may_read_them(book):
    book.write("a", "import os; print(os.listdir(os.environ['LABCODE_RESULTS']))", counted=True)
    folder = book.root / "book" / "results"
    folder.mkdir()
    for name in ("x.json", "y.json"):
        (folder / name).write_text("{}")
        printed = book.execute("pytorch")["book/a", "pytorch"].notebook.cells[-1].outputs[0].text
        assert name in printed
        assert book.ran() == ["a pytorch"]
    book.execute("pytorch")
    assert book.ran() == []


def test_recorded_runs_do_not_concern_a_chapter_that_reads_none(book):
    room = book.package / "experiments"
    room.mkdir()
    (room / "__init__.py").touch()
    (room / "results.py").touch()
    book.write("a", "print(1)", counted=True)
    book.write("b", "import labcode.experiments.results\nprint(2)", counted=True)
    book.execute("pytorch")
    assert book.ran() == ["a pytorch", "b pytorch"]
    folder = book.root / "book" / "results"
    folder.mkdir()
    (folder / "x.json").write_text("{}")
    book.execute("pytorch")
    assert book.ran() == ["b pytorch"]
    (room / "results.py").write_text("# edited\n")
    book.execute("pytorch")
    assert book.ran() == ["b pytorch"]


def test_a_chapter_that_reads_recorded_runs_in_secret_is_refused(book):
    room = book.package / "experiments"
    room.mkdir()
    (room / "__init__.py").touch()
    (room / "results.py").touch()
    hidden = "import importlib\nimportlib.import_module('labcode.exper' + 'iments.results')"
    book.write("a", hidden)
    with pytest.raises(ExecutionError, match="read recorded runs without naming their room"):
        book.execute("pytorch")
    assert book.entries() == []


OFFER = "from labcode import downloads\nopen('x.bin', 'wb').write(b'abc')\n"


def test_a_file_that_a_cell_offers_comes_home_and_is_in_the_cache(book):
    book.write("a", OFFER + "downloads.offer('x.bin', 'Three bytes')")
    for from_cache in (False, True):
        run = book.execute("pytorch")["book/a", "pytorch"]
        assert run.from_cache is from_cache
        assert run.files == {"ba7816bf8f01/x.bin": b"abc"}
        assert "_files/ba7816bf8f01/x.bin" in run.notebook.cells[-1].outputs[0].data["text/html"]


def test_a_file_that_is_not_there_stops_the_build(book):
    book.write("a", OFFER + "downloads.offer('y.bin', 'Three bytes')")
    with pytest.raises(ExecutionError, match=r"(?s)a\.md:\d+: PyTorch: .*DownloadError.*no file y"):
        book.execute("pytorch")
    assert book.entries() == []


def test_a_cell_that_raises_is_named_with_its_traceback_and_the_others_still_run(book):
    book.write("a", "def f():\n    return 1 / 0", "before = 1\nf()")
    book.write("b", counted=True)
    with pytest.raises(ExecutionError) as caught:
        book.execute("pytorch")
    message = str(caught.value)
    assert "book/a.md:12: PyTorch: cell 2 of 2 raised ZeroDivisionError" in message
    assert ">   12 | f()" in message
    assert "ZeroDivisionError: division by zero" in message and "\x1b" not in message
    assert "1 of 2 notebooks" in message
    assert book.ran() == ["b pytorch"]
    assert len(book.entries()) == 1
    assert (book.root / "book" / "a.md").read_text().splitlines()[11] == "f()"


def test_a_cell_that_never_ends_is_stopped(book, monkeypatch):
    monkeypatch.setenv("LABCODE_CELL_TIMEOUT", "3")
    book.write("a", "x = 1", "import time\ntime.sleep(600)")
    start = time.monotonic()
    with pytest.raises(ExecutionError, match=r"a\.md:10: PyTorch: cell 2 of 2 did not end .* 3 s"):
        book.execute("pytorch")
    assert time.monotonic() - start < 120
    assert book.entries() == []


@pytest.mark.parametrize(
    "code, reason",
    [
        ("import os; os._exit(3)", "exit status 3"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "SIGKILL.*memory"),
    ],
)
def test_a_kernel_that_dies_is_reported(book, code, reason):
    book.write("a", "x = 1", code)
    with pytest.raises(ExecutionError, match=rf"a\.md:10: PyTorch: cell 2 of 2 .*{reason}"):
        book.execute("pytorch")
    assert book.entries() == []


def test_an_allowed_exception_is_an_output(book):
    path = book.write("a", "1 / 0", "print('on')")
    path.write_text(path.read_text().replace("\n1 /", "\n:tags: [raises-exception]\n1 /"))
    cells = book.execute("pytorch")["book/a", "pytorch"].notebook.cells
    assert cells[1].outputs[0].ename == "ZeroDivisionError"
    assert cells[2].outputs[0].text == "on\n"


def test_a_huge_output_is_cut_visibly(book):
    # One line, since what treats lines one by one must not slow down on a long one.
    book.write("a", "for _ in range(50): print('x' * 99_999, end='')", "print('small')")
    cells = book.execute("pytorch")["book/a", "pytorch"].notebook.cells
    text = cells[1].outputs[0].text
    assert STREAM_LIMIT <= len(text) < STREAM_LIMIT + 200
    assert "the rest of the output is cut" in text
    assert cells[2].outputs[0].text == "small\n"


def test_frameworks_that_agree_pass_and_others_fail(book):
    book.write("a", "pytorch: " + RECORD.format("2.0"), "tensorflow: " + RECORD.format("2.0005"))
    book.write("b", "pytorch: " + RECORD.format("2.0"), "tensorflow: " + RECORD.format("2.5"))
    done = book.execute()
    first, second = book.chapters()
    compared = agree(first, done["book/a", "pytorch"], done["book/a", "tensorflow"])
    assert [c.ok for c in compared] == [True]
    with pytest.raises(AgreementError) as caught:
        agree(second, done["book/b", "pytorch"], done["book/b", "tensorflow"])
    assert "book/b.md: PyTorch and TensorFlow do not agree" in str(caught.value)
    assert "sum: largest difference 0.5 at [1], tolerance 0.001" in str(caught.value)


def test_an_interpreter_that_is_none_is_named(book, monkeypatch):
    monkeypatch.setenv("LABCODE_PYTHON_TENSORFLOW", "/nowhere/python")
    book.write("a", "1")
    with pytest.raises(ExecutionError, match="LABCODE_PYTHON_TENSORFLOW=/nowhere/python"):
        book.execute()


def test_an_interpreter_without_ipykernel_says_so(book, monkeypatch):
    # A Python without the installed packages stands for an environment that lacks them.
    bare = book.root / "python"
    bare.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "$@"\n')
    bare.chmod(0o755)
    monkeypatch.setenv("LABCODE_PYTHON_PYTORCH", str(bare))
    book.write("a", "1")
    with pytest.raises(ExecutionError, match=r"(?s)a\.md: PyTorch: the kernel .*ipykernel"):
        book.execute("pytorch")


def test_two_builds_at_once_both_succeed(book):
    book.write("a", "import time; time.sleep(1)", "print('done')")
    builds = [build(book), build(book)]
    for process in builds:
        out, err = process.communicate(timeout=180)
        assert process.returncode == 0, err
        assert out == "['done\\n']\n"
    assert [path.suffix for path in book.entries()] == [".zip"]
    assert book.execute("pytorch")["book/a", "pytorch"].from_cache


@pytest.mark.parametrize("number, status", [(signal.SIGTERM, 143), (signal.SIGINT, None)])
def test_a_killed_build_leaves_no_kernel_and_no_half_file(book, tmp_path, number, status):
    told = tmp_path / "pids"
    sleeper = f"child = subprocess.Popen(['sleep', '600'])\nopen({str(told)!r}, 'w')"
    sleeper += ".write(f'{os.getpid()} {child.pid} {os.environ[\"IPYTHONDIR\"]}\\n')"
    book.write("a", f"import os, subprocess, time\n{sleeper}\ntime.sleep(600)")
    # A shell that runs the tests in the background has them, and so this build, ignore SIGINT.
    process = build(book, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    deadline = time.monotonic() + 90
    while not (told.exists() and told.read_text().endswith("\n")):
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.1)
    process.send_signal(number)
    process.communicate(timeout=60)
    assert process.returncode == status if status else process.returncode != 0
    kernel, child, folder = told.read_text().split()
    deadline = time.monotonic() + 30
    while any(_alive(int(pid)) for pid in (kernel, child)):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert not os.path.exists(folder)
    assert book.entries() == []


def _alive(pid: int) -> bool:
    """True for a process that runs; a zombie that nobody has reaped does not."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
