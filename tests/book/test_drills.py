"""Fault drills: what goes wrong in a build is named, leaves nothing half done, and is mended by
the next build.

Each drill can be held with its guard removed, and must then fail: ``make drills`` does that, too.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from labcode.publish.kernel import STREAM_LIMIT
from tests.book import html_pages, small_book

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the drills read /proc")
WHOLE = pytest.mark.skipif(not os.environ.get("LABCODE_DRILLS"), reason="make drills")

CHAPTERS = ("sums", "second", "third")
"""The first, the middle and the last chapter of the drills' book."""

PLANT = 'print("a place for a fault")'


@pytest.fixture(scope="module")
def three(tmp_path_factory) -> Path:
    """A book of three chapters that was built, with requirements."""
    folder = small_book.make(tmp_path_factory.mktemp("three"))
    lab = folder / "book" / "lab"
    lab.joinpath("third.md").write_text(
        f"{small_book.FRONT}\n# A third page\n\n```{{code-cell}}\nprint('third page')\n```\n"
    )
    toc = folder / "_toc.yml"
    toc.write_text(
        toc.read_text().replace("lab/second\n", "lab/second\n  - file: book/lab/third\n")
    )
    for name in CHAPTERS:
        path = lab / f"{name}.md"
        cells = [
            f"\n```{{code-cell}}\n:tags: [{framework}]\n{code}\n```\n"
            for framework, code in (("pytorch", "print('sound')"), ("tensorflow", PLANT))
        ]
        path.write_text(path.read_text() + "".join(cells))
    (folder / "requirements.txt").write_text("numpy==2.0\n")
    (folder / "tmp").mkdir()
    right(folder, executed=6)
    return folder


@pytest.fixture
def book(three, tmp_path) -> Path:
    """A copy of it, to do damage to."""
    folder = tmp_path / "book"
    shutil.copytree(three, folder)
    return folder


def build(folder: Path, *, before: str = "", **env: str) -> subprocess.CompletedProcess:
    """Build with all temporary files in a folder of the drill's own."""
    return small_book.build(folder, before=before, TMPDIR=str(folder / "tmp"), **env)


def right(folder: Path, *wanted: str, executed: int | None = None, **how: str) -> str:
    """The build succeeds with a whole site that says ``wanted``, and leaves nothing behind; what
    it printed.
    """
    done = build(folder, **how)
    assert done.returncode == 0, done.stdout
    if executed is not None:
        said = f"6 notebooks: {executed} executed, {6 - executed} from the cache"
        assert said in done.stdout, done.stdout
    site = folder / "_build" / "html"
    assert html_pages.faults(folder, site) == []
    text = "\n".join(html_pages.soup(path).get_text() for path in site.rglob("*.html"))
    assert [words for words in wanted if words not in text] == []
    assert leftovers(folder) == []
    return done.stdout


def stopped(folder: Path, *wanted: str, status: int = 1, **how: str) -> None:
    """The build ends with ``status``, names the cause, and leaves the old site and no half file."""
    before = files(folder / "_build" / "html")
    done = build(folder, **how)
    assert done.returncode == status, done.stdout
    assert [words for words in wanted if words not in done.stdout] == [], done.stdout
    assert "labcode/publish" not in done.stdout, "a traceback of our own code explains nothing"
    assert files(folder / "_build" / "html") == before
    assert leftovers(folder) == []


def files(site: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in site.rglob("*") if path.is_file()}


def leftovers(folder: Path) -> list[str]:
    """Temporary files and folders, and entries of the cache that are not whole."""
    cache = folder / "_build" / "executed"
    odd = [path for path in cache.iterdir() if not re.fullmatch(r"[0-9a-f]{64}\.zip", path.name)]
    odd += [path for path in (folder / "_build").glob(".html*")]
    odd += [path for path in (folder / "tmp").iterdir() if path.name.startswith("labcode-")]
    odd += [p for p in cache.glob("*.zip") if not p.read_bytes()[-22:].startswith(b"PK\x05\x06")]
    return [path.name for path in odd]


def plant(folder: Path, chapter: str, code: str) -> int:
    """Put ``code`` in TensorFlow's last cell of a chapter; the line where the code begins."""
    path = folder / "book" / "lab" / f"{chapter}.md"
    text = path.read_text()
    assert text.count(PLANT) == 1
    path.write_text(text.replace(PLANT, code))
    return text[: text.index(PLANT)].count("\n") + 1


def mend(folder: Path, three: Path) -> None:
    """Take the faults out of the chapters again."""
    shutil.copytree(three / "book", folder / "book", dirs_exist_ok=True)


# The drills. Each takes the folder of a built book, that of the untouched one, and the code that
# removes a guard.


def failing_cell(chapter: str):
    def drill(book: Path, three: Path, before: str) -> None:
        for entry in (book / "_build" / "executed").iterdir():
            entry.unlink()
        line = plant(book, chapter, "1 / 0")
        stopped(book, f"lab/{chapter}.md:{line}: TensorFlow", "ZeroDivisionError", "1 of 6",
                before=before)  # fmt: skip
        mend(book, three)
        right(book, "a place for a fault", executed=1, before=before)

    return drill


def killed_kernel(book: Path, three: Path, before: str) -> None:
    line = plant(book, "second", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")
    stopped(book, f"lab/second.md:{line}: TensorFlow", "SIGKILL", "memory ran out", before=before)
    mend(book, three)
    right(book, executed=0, before=before)


def endless_cell(book: Path, three: Path, before: str) -> None:
    line = plant(book, "second", "while True: pass")
    stopped(book, f"lab/second.md:{line}: TensorFlow", "did not end within 3 s",
            "LABCODE_CELL_TIMEOUT", before=before, LABCODE_CELL_TIMEOUT="3")  # fmt: skip
    mend(book, three)
    right(book, executed=0, before=before)


FULL = """
import errno, os
real = os.fsync
def full(handle):
    if "/executed/" in os.readlink(f"/proc/self/fd/{handle}"):
        raise OSError(errno.ENOSPC, "No space left on device")
    real(handle)
os.fsync = full
"""


def full_disk(book: Path, three: Path, before: str) -> None:
    plant(book, "second", "print('more')")
    stopped(book, "the disk is full; free some space", before=FULL + before)
    right(book, "more", executed=1, before=before)


def damaged_cache(book: Path, three: Path, before: str) -> None:
    cut, bent, foreign, sound, *_ = sorted((book / "_build" / "executed").iterdir())
    data = cut.read_bytes()
    cut.write_bytes(data[: len(data) // 2])
    data = bytearray(bent.read_bytes())
    data[len(data) // 3] ^= 0xFF
    bent.write_bytes(data)
    shutil.copy(sound, foreign)
    said = right(book, executed=3, before=before)
    assert said.count("is damaged") == 3 and "the notebook of another key" in said


def damaged_image(book: Path, three: Path, before: str) -> None:
    shutil.rmtree(book / "data" / "tiny-imagenet.arrays")
    name = "n01629819_1.JPEG"
    (image,) = (book / "data").rglob(name)
    whole = image.read_bytes()
    image.write_bytes(whole[: len(whole) * 3 // 4])
    stopped(book, name, "is damaged", "labcode data add", before=before)
    image.write_bytes(whole)
    right(book, executed=0, before=before)


def two_builds(book: Path, three: Path, before: str) -> None:
    plant(book, "second", "import time; time.sleep(2); print('both')")
    env = {**small_book.environment(book), "TMPDIR": str(book / "tmp"), "PYTHONUNBUFFERED": "1"}
    command = small_book.book_command(book, before=before)
    both = [subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             text=True) for _ in range(2)]  # fmt: skip
    said = [process.communicate(timeout=180)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert sorted("another build runs" in one for one in said) == [False, True]
    assert sorted(re.search(r"(\d+) executed", one)[1] for one in said) == ["0", "1"]
    right(book, "both", executed=0, before=before)


AHEAD = """
import time
ahead = 86_400
now, now_ns = time.time, time.time_ns
time.time, time.time_ns = lambda: now() + ahead, lambda: now_ns() + ahead * 10**9
"""


def jumping_clock(book: Path, three: Path, before: str) -> None:
    page = book / "book" / "lab" / "second.md"
    page.write_text(page.read_text().replace("# A second page", "# A second page\n\nTomorrow."))
    right(book, "Tomorrow.", before=AHEAD + before)
    page.write_text(page.read_text().replace("Tomorrow.", "Today again."))
    right(book, "Today again.", executed=0, before=before)
    plant(book, "second", "import time; time.sleep(1)")
    right(book, executed=1, before=AHEAD.replace("86_400", "-86_400") + before)
    told = (book / "_build/html/book/lab/second.provenance.json").read_text()
    seconds = [float(one) for one in re.findall(r'"seconds": ([-\d.]+)', told)]
    assert seconds and all(0 < one < 60 for one in seconds), seconds


def changed_requirement(book: Path, three: Path, before: str) -> None:
    right(book, before=before)
    (book / "requirements.txt").write_text("numpy==2.1\n")
    right(book, executed=6, before=before)


def flood(book: Path, three: Path, before: str) -> None:
    plant(book, "second", "for _ in range(1000): print('x' * 100_000)")
    cut = f"the rest of the output is cut; a cell may print {STREAM_LIMIT:,} characters"
    right(book, cut, executed=1, before=before)
    page = book / "_build" / "html" / "book" / "lab" / "second.html"
    assert page.stat().st_size < 2 * STREAM_LIMIT


def terminated(book: Path, three: Path, before: str) -> None:
    told = book / "pid"
    plant(book, "second", f"import os, time\nopen({str(told)!r}, 'w').write(f'{{os.getpid()}} ')\n"
                          "time.sleep(600)")  # fmt: skip
    old = files(book / "_build" / "html")
    env = {**small_book.environment(book), "TMPDIR": str(book / "tmp")}
    process = subprocess.Popen(small_book.book_command(book, before=before), env=env,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    until(lambda: told.exists() and told.read_text().endswith(" "))
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=60) == 128 + signal.SIGTERM
    assert not Path(f"/proc/{told.read_text().strip()}").exists(), "the kernel lives on"
    assert files(book / "_build" / "html") == old and leftovers(book) == []
    mend(book, three)
    right(book, executed=0, before=before)


def until(condition) -> None:
    deadline = time.monotonic() + 90
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


CARELESS_RUN = """
from labcode.publish import run
def careless(client, cell, index, *_):
    try:
        client.execute_cell(cell, index)
    except Exception:
        pass
run._execute = careless
"""

CARELESS_STORE = """
from labcode.publish import cache
def careless(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "wb") as file:
        file.write(data[: len(data) // 2])
        file.flush()
        __import__("os").fsync(file.fileno())
        file.write(data[len(data) // 2 :])
cache.atomic_write = careless
"""

CARELESS_LOAD = """
import io, json, zipfile
from labcode.publish import cache
def careless(where, key):
    path = cache.entry(where, key)
    if not path.exists():
        return None
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
        own = json.loads(archive.read("meta.json"))["key"]
    return cache._read(path.read_bytes(), own)
cache.load = careless
"""

CARELESS_DECODING = """
from labcode.data import arrays
real_block = arrays.decode_block
def careless(*args):
    block = real_block(*args)
    block.undecodable.clear()
    return block
arrays.decode_block = careless
"""

DRILLS = {
    **{f"a failing cell in the {place} chapter": (failing_cell(chapter), CARELESS_RUN)
       for place, chapter in zip(("first", "middle", "last"), CHAPTERS, strict=True)},
    "a killed kernel": (killed_kernel, CARELESS_RUN),
    "an endless cell": (endless_cell, CARELESS_RUN),
    "a full disk while the cache is written": (full_disk, CARELESS_STORE),
    "damaged entries of the cache": (damaged_cache, CARELESS_LOAD),
    "a damaged image": (
        damaged_image, CARELESS_DECODING
    ),
    "two builds at once": (
        two_builds,
        "import contextlib\nfrom labcode.publish import build\n"
        "build.only_build = lambda folder: contextlib.nullcontext()",
    ),
    "a clock that jumps": (
        jumping_clock, "from labcode.publish import sphinx_ext\nsphinx_ext.text_of = lambda c: ''"
    ),
    "a changed requirement": (
        changed_requirement,
        "from labcode.publish import cache\ncache.requirements_digest = lambda root: ''",
    ),
    "a hundred megabytes of output": (
        flood, "from labcode.publish import kernel\nkernel.STREAM_LIMIT = 5_000_000"
    ),
    "SIGTERM in the middle": (
        terminated,
        "import contextlib\nfrom labcode.publish import execute\n"
        "execute.terminable = contextlib.nullcontext",
    ),
}  # fmt: skip
"""Name of the drill -> how it is held, and the code that removes its guard."""


@pytest.mark.parametrize("name", DRILLS)
def test_the_drill_passes(book, three, name):
    DRILLS[name][0](book, three, "")


@WHOLE
@pytest.mark.parametrize("name", DRILLS)
def test_without_its_guard_the_drill_fails(book, three, name):
    drill, without = DRILLS[name]
    with pytest.raises((AssertionError, subprocess.TimeoutExpired)) as failure:
        drill(book, three, without)
    print(f"{name}: {str(failure.value)[-300:]}")
