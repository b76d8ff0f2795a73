"""Run one notebook in its own kernel; bring home its outputs, records, files and provenance."""

import json
import signal
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from labcode import agreement
from labcode.agreement import Record
from labcode.publish.failure import CellFailure, plain
from labcode.publish.kernel import Client, interpreter, kernel_log, started_kernel
from labcode.publish.streams import settled

CLOSING = """
import json as _json, sys as _sys
from labcode import provenance as _provenance
_room = _sys.modules.get("labcode." + {framework!r})
_used = _room.available_devices()[0] if _room else None
with open({path!r}, "w", encoding="utf-8") as _file:
    _json.dump({{
        "provenance": _provenance.collect(_json.loads({dataset!r}), {seed!r}, _used),
        "peak_memory_bytes": _provenance.peak_memory_bytes(),
        "read_results": "labcode.experiments.results" in _sys.modules,
    }}, _file)
"""
"""Run after the last cell, so that versions, device and memory are the kernel's own."""


@dataclass(frozen=True)
class Run:
    """What a kernel left: records by name, seconds (whole, and for each code cell), and more.

    ``files`` holds what ``downloads.offer`` kept: ``<sha256[:12]>/<name>`` -> bytes.
    ``read_results`` tells whether the room that reads recorded runs was imported.
    """

    records: dict[str, Record]
    files: dict[str, bytes]
    seconds: float
    cell_seconds: list[float]
    peak_memory_bytes: int
    provenance: dict
    read_results: bool


def run_notebook(
    notebook: NotebookNode,
    framework: str,
    *,
    timeout: float,
    dataset: dict | None,
    seed: int | None,
    package: Path,
    results: Path,
    on_cell: Callable[[int], None],
) -> Run:
    """Execute ``notebook`` in place; ``on_cell`` hears the number (from 1) of each code cell.

    ``timeout`` is in seconds for each cell; ``package`` the folder of the labcode to import;
    ``results`` the folder of recorded runs.
    Raises CellFailure when a cell raises or does not end, or the kernel dies.
    """
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="labcode-", ignore_cleanup_errors=True) as temporary:
        scratch = Path(temporary)
        for name in ("work", "records", "downloads", "runtime", "ipython"):
            (scratch / name).mkdir()
        closing = CLOSING.format(
            path=str(scratch / "closing.json"),
            dataset=json.dumps(dataset),
            seed=seed,
            framework=framework,
        )
        try:
            folders = scratch, package, results
            with started_kernel(notebook, framework, *folders, timeout) as client:
                cell_seconds = _execute_all(client, notebook, scratch, timeout, on_cell)
                _close(client, notebook, closing)
        except RuntimeError as error:
            python = interpreter(framework)
            raise CellFailure(
                None, f"the kernel ({python}) failed: {error}", plain(kernel_log(scratch))
            ) from error
        found = json.loads((scratch / "closing.json").read_text(encoding="utf-8"))
        kept = sorted((scratch / "records").glob("*.npz"), key=lambda p: p.stat().st_mtime_ns)
        records = [agreement.load(path.read_bytes()) for path in kept]
        offered = scratch / "downloads"
        files = sorted(path for path in offered.rglob("*") if path.is_file())
        return Run(
            {record.name: record for record in records},
            {path.relative_to(offered).as_posix(): path.read_bytes() for path in files},
            round(time.monotonic() - start, 3),
            cell_seconds,
            found["peak_memory_bytes"],
            found["provenance"],
            found["read_results"],
        )


def _execute_all(
    client: Client,
    notebook: NotebookNode,
    scratch: Path,
    timeout: float,
    on_cell: Callable[[int], None],
) -> list[float]:
    """Run the code cells in order; the seconds that each took."""
    seconds: list[float] = []
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type == "code":
            on_cell(len(seconds) + 1)
            began = time.monotonic()
            _execute(client, cell, index, scratch, timeout)
            seconds.append(round(time.monotonic() - began, 3))
    return seconds


def _close(client: Client, notebook: NotebookNode, source: str) -> None:
    """Run the closing code as a cell that leaves no trace in the notebook."""
    notebook.cells.append(nbformat.v4.new_code_cell(source))
    last = len(notebook.cells) - 1
    try:
        client.execute_cell(notebook.cells[last], last, store_history=False)
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        raise CellFailure(
            None, "could not tell its provenance after the last cell", plain(str(error))
        ) from error
    finally:
        notebook.cells.pop()


def _execute(client: Client, cell: NotebookNode, index: int, scratch: Path, timeout: float) -> None:
    """Run one cell; CellFailure when it does not end well."""
    process = client.km.provisioner.process
    try:
        client.execute_cell(cell, index)
        cell.outputs = settled(cell.outputs)
    except CellExecutionError as error:
        traceback = next(
            ("\n".join(o.traceback) for o in reversed(cell.outputs) if o.output_type == "error"),
            error.traceback,
        )
        raise CellFailure(cell, f"raised {error.ename}", plain(traceback)) from error
    except CellTimeoutError as error:
        raise CellFailure(
            cell,
            f"did not end within {timeout:g} s",
            "Make it faster, or allow more time through LABCODE_CELL_TIMEOUT (seconds).",
        ) from error
    except DeadKernelError as error:
        raise CellFailure(cell, _death(process.poll()), plain(kernel_log(scratch))) from error


def _death(status: int | None) -> str:
    if status is not None and status < 0:
        name = signal.Signals(-status).name
        hint = ", often because memory ran out" if name == "SIGKILL" else ""
        return f"killed the kernel ({name}{hint})"
    return f"ended the kernel (exit status {status})"
