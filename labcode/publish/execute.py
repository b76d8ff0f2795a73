"""Execute chapters: each framework's notebook alone in its own kernel, unless the cache has it.

One failing notebook does not stop the others: a build tells all failures at once, and whatever
ran to its end is kept for the next one.
"""

import os
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode

from labcode import profiles, provenance
from labcode.agreement import Comparison, Record, compare
from labcode.errors import AgreementError, ExecutionError
from labcode.frameworks import FRAMEWORKS
from labcode.publish import cache
from labcode.publish.chapter import Chapter, project
from labcode.publish.failure import CellFailure, explain, plain
from labcode.publish.kernel import terminable
from labcode.publish.keys import Keys
from labcode.publish.progress import Progress
from labcode.publish.run import run_notebook

ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,}")


@dataclass(frozen=True)
class Executed:
    """A notebook that ran to its end, now or earlier (``from_cache``).

    ``chapter`` is the chapter's name; ``notebook`` the projection with outputs; ``records`` what
    ``agreement.record`` kept, by name; ``files`` what ``downloads.offer`` kept, by
    ``<sha256[:12]>/<name>``. ``meta`` (JSON-able): key, inputs (its parts), chapter, framework,
    seconds, cell_seconds (in the order of the notebook's code cells), peak_memory_bytes of the
    kernel, provenance (of the run, taken inside the kernel).
    """

    chapter: str
    framework: str
    notebook: NotebookNode
    records: Mapping[str, Record]
    meta: dict
    files: Mapping[str, bytes]
    from_cache: bool


def execute_chapters(
    chapters: Sequence[Chapter],
    *,
    root: Path,
    frameworks: Sequence[str] = tuple(FRAMEWORKS),
    only: Collection[tuple[str, str]] | None = None,
    report: Progress | None = None,
    force: bool = False,
    dataset: dict | None = None,
    package: Path = cache.PACKAGE,
) -> dict[tuple[str, str], Executed]:
    """Run each chapter in each framework, or take it from the cache; plain pages are left out.

    ``only`` leaves out what is not among these (chapter's name, framework). ``dataset`` is
    ``Dataset.describe()`` of the data the chapters will open (default: what ``open_dataset()``
    opens); ``package`` the labcode that kernels import. ``force`` runs what is cached, too.
    Raises ExecutionError that tells every failure, after all others have run.
    """
    report = report or Progress()
    where = cache.folder(root)
    wanted = [
        (c, f)
        for c in chapters
        if c.executable
        for f in frameworks
        if only is None or (c.name, f) in only
    ]
    if not wanted:
        return {}
    keys = Keys(root, dataset, package)
    results: dict[tuple[str, str], Executed] = {}
    missing = []
    for chapter, framework in wanted:
        notebook = project(chapter, framework)
        key = keys.key(notebook, framework)
        found = None if force else cache.load(where, key)
        if found is None:
            missing.append((chapter, framework, notebook, key))
        else:
            _graft(found.notebook, notebook)
            told = found.records, found.meta, found.files
            results[chapter.name, framework] = Executed(
                chapter.name, framework, notebook, *told, from_cache=True
            )
    _refuse_another_device(keys.device, [(c, f) for c, f, *_ in missing])
    failures = []
    report.begin(len(missing))
    with terminable():
        for number, (chapter, framework, notebook, key) in enumerate(missing, start=1):
            report.notebook(number, chapter.name, framework, len(_code(notebook)))
            outcome = "interrupted"
            try:
                done = _run(chapter, framework, notebook, keys, report)
                results[chapter.name, framework] = done
                outcome = f"{done.meta['seconds']:.1f} s"
                if keys.hold(notebook):
                    entry = cache.Entry(notebook, done.records, done.meta, done.files)
                    cache.store(where, key, entry)
                else:
                    outcome += ", not cached: its inputs changed while it ran"
            except CellFailure as failure:
                failures.append(explain(failure, chapter, framework, notebook))
                outcome = "FAILED"
            finally:
                report.done(outcome)
    ordered = {job: results[job] for c, f in wanted if (job := (c.name, f)) in results}
    for (name, framework), done in ordered.items():
        seconds, memory = done.meta["seconds"], done.meta["peak_memory_bytes"]
        report.result(name, framework, seconds, memory, done.from_cache)
    report.summary()
    if failures:
        count = f"{len(failures)} of {len(wanted)} notebooks did not run to their end"
        raise ExecutionError("\n\n".join([*failures, count]))
    return ordered


def _refuse_another_device(device: str, missing: Sequence[tuple[Chapter, str]]) -> None:
    """ExecutionError when what is missing has to run on a device that this machine is not."""
    if missing and device != (here := provenance.device_class()):
        names = ", ".join(f"{chapter.name} in {FRAMEWORKS[f].label}" for chapter, f in missing)
        raise ExecutionError(
            f"the cache lacks {len(missing)} notebooks executed on {device}, and this machine is "
            f"{here}: {names}; execute them there and copy the cache, or unset "
            "LABCODE_DEVICE_CLASS"
        )


def agree(chapter: Chapter, a: Executed, b: Executed) -> list[Comparison]:
    """Compare what the chapter recorded in two frameworks; AgreementError names what differs."""
    labels = FRAMEWORKS[a.framework].label, FRAMEWORKS[b.framework].label
    found = compare(a.records, b.records, labels)
    if wrong := [comparison.message for comparison in found if not comparison.ok]:
        raise AgreementError(
            f"{chapter.where}: {' and '.join(labels)} do not agree\n  " + "\n  ".join(wrong)
        )
    return found


def differing_shared_cells(chapter: Chapter, a: Executed, b: Executed) -> list[int]:
    """Positions in ``chapter.cells`` of the untagged code cells whose outputs differ.

    Printed text must be equal; a figure only has to be there in both; execution counts and
    memory addresses do not count.
    """
    ours, theirs = ({c.metadata["labcode"]["index"]: c for c in e.notebook.cells} for e in (a, b))
    return [
        index
        for index, cell in enumerate(chapter.cells)
        if cell.kind == "code"
        and cell.framework is None
        and _visible(ours[index]) != _visible(theirs[index])
    ]


def _run(
    chapter: Chapter, framework: str, notebook: NotebookNode, keys: Keys, report: Progress
) -> Executed:
    """Run one notebook now; CellFailure when it does not reach its end."""
    key, inputs = keys.key(notebook, framework), keys.inputs(notebook, framework)
    run = run_notebook(
        notebook,
        framework,
        timeout=_timeout(),
        dataset=keys.dataset,
        seed=profiles.SEED,
        package=keys.package,
        results=cache.results(keys.root).resolve(),
        on_cell=report.cell,
    )
    if run.read_results and not cache.reads_results(notebook):
        raise CellFailure(
            None,
            "read recorded runs without naming their room",
            f"It would not be run again for new ones: import from {cache.EXPERIMENTS} in a cell.",
        )
    meta = {
        "key": key,
        "inputs": inputs,
        "chapter": chapter.name,
        "framework": framework,
        "seconds": run.seconds,
        "cell_seconds": run.cell_seconds,
        "peak_memory_bytes": run.peak_memory_bytes,
        "provenance": run.provenance,
    }
    told = run.records, meta, run.files
    return Executed(chapter.name, framework, notebook, *told, from_cache=False)


def _timeout() -> float:
    """Seconds that a cell may take: LABCODE_CELL_TIMEOUT, else the profile's."""
    named = os.environ.get("LABCODE_CELL_TIMEOUT")
    try:
        seconds = float(named) if named else float(profiles.current().cell_timeout)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise ExecutionError(f"LABCODE_CELL_TIMEOUT={named!r} is not a number of seconds")
    return seconds


def _graft(stored: NotebookNode, notebook: NotebookNode) -> None:
    """Give ``notebook`` the outputs of ``stored``, whose prose may be older."""
    for old, new in zip(_code(stored), _code(notebook), strict=True):
        new.outputs, new.execution_count = old.outputs, old.execution_count


def _code(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def _visible(cell: NotebookNode) -> list:
    """What a reader sees of a cell's outputs, in a form to compare."""
    seen: list = []
    for output in cell.outputs:
        if output.output_type == "stream":
            seen.append((output.name, ADDRESS.sub("0x", plain(output.text))))
        elif output.output_type == "error":
            seen.append(("error", output.ename, ADDRESS.sub("0x", output.evalue)))
        else:
            data = output.data
            pictures = sorted(kind for kind in data if kind.startswith("image/"))
            text = {k: ADDRESS.sub("0x", v) for k, v in data.items() if isinstance(v, str)}
            seen.append(pictures or sorted(text.items()))
    return seen
