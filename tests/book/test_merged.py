"""Five workers, each with a cache of its own, make the same site as one process."""

import copy as copies
import shutil
import subprocess
import sys
from pathlib import Path

from labcode.publish import cache, shards
from labcode.publish.build import STAMP
from tests.book import small_book

WORKERS = 5
TIMES = ("seconds", "cell_seconds", "peak_memory_bytes")


def work(folder: Path, number: int) -> subprocess.Popen:
    """Worker ``number``: ``labcode execute --shard`` into a cache folder of its own."""
    where = folder / "workers" / str(number)
    shard = f"{number}/{WORKERS}"
    return subprocess.Popen(
        [sys.executable, "-m", "labcode.cli", "execute", "--root", folder, "--shard", shard],
        env={**small_book.environment(folder), "LABCODE_EXECUTED": str(where)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def give_times(path: Path, other: Path) -> None:
    """Give the entry ``path`` the times, memory and process ids of the entry ``other``.

    All else of both must be equal.
    """
    ours, theirs = (cache.load(p.parent, p.stem) for p in (path, other))
    meta = copies.deepcopy(ours.meta)
    meta.update({name: theirs.meta[name] for name in TIMES})
    meta["provenance"]["made"] = theirs.meta["provenance"]["made"]
    for cell, same in zip(ours.notebook.cells, theirs.notebook.cells, strict=True):
        if cell.source.endswith("os.getpid()"):
            cell.outputs = same.outputs
    assert meta == theirs.meta
    assert ours.notebook == theirs.notebook
    assert ours.files == theirs.files
    assert ours.records.keys() == theirs.records.keys()
    for name, record in ours.records.items():
        assert record.values.tobytes() == theirs.records[name].values.tobytes()
    cache.store(path.parent, path.stem, cache.Entry(ours.notebook, ours.records, meta, ours.files))


def contents(site: Path) -> dict[str, bytes]:
    """All files of a site but its stamp, which holds the files' times."""
    files = (path for path in site.rglob("*") if path.is_file() and path.name != STAMP)
    return {path.relative_to(site).as_posix(): path.read_bytes() for path in files}


def test_five_workers_make_the_site_of_one_process_byte_for_byte_but_for_times(built, tmp_path):
    folder = tmp_path / "merged"
    shutil.copytree(built, folder, ignore=shutil.ignore_patterns("_build"))
    shards.record(folder, built / "_build" / "html")
    workers = [work(folder, number) for number in range(1, WORKERS + 1)]
    for worker in workers:
        said, _ = worker.communicate(timeout=300)
        assert worker.returncode == 0, said
    made = sorted(folder.glob("workers/*/*"))
    alone = {path.name: path for path in (built / "_build" / "executed").iterdir()}
    assert sorted(path.name for path in made) == sorted(alone)
    merged = folder / "_build" / "executed"
    merged.mkdir(parents=True)
    for path in made:
        give_times(Path(shutil.copy(path, merged)), alone[path.name])
    done = small_book.build(folder)
    assert done.returncode == 0, done.stdout
    assert "4 notebooks: 0 executed, 4 from the cache" in done.stdout
    assert contents(folder / "_build" / "html") == contents(built / "_build" / "html")
