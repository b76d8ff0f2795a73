"""``labcode book``: what it does again and what not, and how it fails."""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.book import html_pages, small_book


def edit(folder: Path, name: str, old: str, new: str) -> None:
    """Replace ``old`` in a chapter; the change must be one."""
    path = folder / "book" / f"{name}.md"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def text_of(folder: Path, name: str) -> str:
    return html_pages.soup(folder / "_build" / "html" / "book" / f"{name}.html").get_text()


def refused(folder: Path, *wanted: str) -> None:
    """The build exits with 1, says each of ``wanted``, and the old site is untouched."""
    site = folder / "_build" / "html"
    before = {p: p.read_bytes() for p in site.rglob("*") if p.is_file()}
    done = small_book.build(folder)
    assert done.returncode == 1, done.stdout
    assert [w for w in wanted if w not in done.stdout] == [], done.stdout
    assert "build.py" not in done.stdout, "a traceback of our own code explains nothing"
    assert {p: p.read_bytes() for p in site.rglob("*") if p.is_file()} == before


def test_it_tells_pages_time_and_overhead(built):
    said = (built / "output.txt").read_text()
    assert "4 pages, 4 notebooks: 4 executed, 0 from the cache" in said
    assert "overhead" in said and str(built / "_build" / "html" / "index.html") in said


def test_a_build_without_a_change_does_nothing(copy):
    small_book.build(copy)  # copying changed the files' times
    start = time.monotonic()
    done = small_book.build(copy)
    assert "nothing changed, the site stands" in done.stdout
    assert time.monotonic() - start < 5


def test_prose_executes_nothing_and_reads_its_page_only(copy):
    edit(copy, "index", "# A small book", "# A small book\n\nSphinx reads a moved book anew.")
    small_book.build(copy)
    doctrees = copy / "_build" / "work" / ".doctrees" / "book" / "lab"
    before = {p.name: p.stat().st_mtime_ns for p in doctrees.iterdir()}
    edit(copy, "lab/second", "# A second page", "# A second page\n\nWith a new sentence.")
    done = small_book.build(copy)
    assert "0 executed, 4 from the cache" in done.stdout
    after = {p.name: p.stat().st_mtime_ns for p in doctrees.iterdir()}
    assert [name for name in after if after[name] != before[name]] == ["second.doctree"]
    assert "With a new sentence." in text_of(copy, "lab/second")
    assert html_pages.faults(copy, copy / "_build" / "html") == []


def test_results_made_anew_reach_the_page_though_its_source_is_the_same(copy):
    old = {s.output for s in html_pages.cells_on_page(copy / "_build/html/book/lab/sums.html")}
    for entry in (copy / "_build" / "executed").iterdir():
        entry.unlink()
    assert small_book.build(copy).returncode == 0
    new = {s.output for s in html_pages.cells_on_page(copy / "_build/html/book/lab/sums.html")}
    assert len(new - old) == 2  # the process ids of both kernels


def test_a_page_that_leaves_the_contents_leaves_the_site(copy):
    toc = copy / "_toc.yml"
    toc.write_text(toc.read_text().replace("  - file: book/lab/second\n", ""))
    assert small_book.build(copy).returncode == 0
    lab = copy / "_build" / "html" / "book" / "lab"
    assert sorted(p.name for p in lab.iterdir()) == ["sums.html", "sums.provenance.json"]


def test_a_cell_that_raises_stops_the_build(copy):
    edit(copy, "lab/second", 'print("second page, tensorflow")', "1 / 0")
    refused(copy, "book/lab/second.md:", "TensorFlow", "ZeroDivisionError")


def test_frameworks_that_disagree_stop_the_build(copy):
    edit(copy, "lab/sums", ":tags: [tensorflow]\ntotal = ", ":tags: [tensorflow]\ntotal = 1e-3 + ")
    refused(copy, "book/lab/sums.md", "sum: largest difference 0.001")


def test_an_unknown_tag_stops_the_build_with_file_and_line(copy):
    edit(copy, "lab/second", "[tensorflow]", "[tensorflw]")
    number = (copy / "book/lab/second.md").read_text().splitlines().index(":tags: [tensorflw]") + 1
    refused(copy, f"book/lab/second.md:{number}", "tensorflw")


def test_warnings_are_errors_with_file_and_line_and_are_not_forgotten(copy):
    edit(copy, "index", "# A small book", "# A small book\n\n{ref}`nowhere`")
    edit(copy, "lab/sums", "In TensorFlow the sum", "{ref}`neither` the sum")
    lines = (copy / "book/lab/sums.md").read_text().splitlines()
    at = next(i for i, line in enumerate(lines, 1) if "neither" in line)
    for _ in range(2):
        refused(copy, "book/index.md:3", "nowhere", f"book/lab/sums.md:{at}", "neither")


def test_a_killed_build_leaves_the_old_site_and_the_next_one_is_right(copy):
    edit(copy, "index", "# A small book", "# A small book\n\nEdited before the kill.")
    process = subprocess.Popen(
        small_book.book_command(copy),
        env=small_book.environment(copy),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    work = copy / "_build" / "work"
    index = work / "html" / "book" / "index.html"
    while "Edited before the kill." not in index.read_text() and process.poll() is None:
        time.sleep(0.001)  # until Sphinx is in the middle of writing pages
    os.killpg(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    # What such a kill may leave: a page cut in its middle that looks newer than its source.
    page = work / "html" / "book" / "lab" / "sums.html"
    page.write_text(page.read_text()[:5000])
    assert "Edited before the kill." not in text_of(copy, "index")
    assert "tensorflow says 10" in text_of(copy, "lab/sums")
    assert small_book.build(copy).returncode == 0
    assert "Edited before the kill." in text_of(copy, "index")
    assert html_pages.faults(copy, copy / "_build" / "html") == []


def test_a_second_build_in_the_same_checkout_waits(copy):
    with open(copy / "_build" / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        process = subprocess.Popen(
            small_book.book_command(copy),
            env={**small_book.environment(copy), "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert "waiting" in process.stdout.readline()
        assert process.poll() is None
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 0 and "4 pages" in out


def jupyter_book(folder: Path) -> subprocess.CompletedProcess:
    command = "from jupyter_book.cli.main import main; main()"
    return subprocess.run(
        [sys.executable, "-c", command, "build", str(folder)],
        env=small_book.environment(folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_plain_jupyter_book_does_the_whole_job_and_fails_with_a_failing_cell(copy):
    folder = copy
    shutil.rmtree(folder / "_build" / "html")
    done = jupyter_book(folder)
    assert done.returncode == 0, done.stdout
    assert "WARNING" not in done.stdout
    shown = html_pages.cells_on_page(folder / "_build/html/book/lab/sums.html")
    assert "pytorch" in {s.framework for s in shown if "pytorch says 10" in s.output}
    edit(folder, "lab/second", 'print("second page, pytorch")', "raise KeyError('planted')")
    failed = jupyter_book(folder)
    assert failed.returncode != 0
    assert "planted" in failed.stdout and "book/lab/second.md:" in failed.stdout
