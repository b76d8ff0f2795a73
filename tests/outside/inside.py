"""Runs with the Python of a student's environment: what is installed there, and what runs.

It needs what a student has (nbclient comes with JupyterLab) and nothing of this tree. Called as
``python inside.py PLAN REPORT``: two JSON files, the second is written after each notebook.

The plan holds ``absent`` and ``present`` (modules), ``prefix`` (where labcode must lie), and
``notebooks``: pairs of a folder to run in and a file name in it. ``cell_timeout`` is in seconds.
"""

import importlib
import importlib.util
import json
import sys
import time
from pathlib import Path


def main(plan_file: str, report_file: str) -> None:
    """Carry out the plan; a fault of the environment or of a notebook is told, not raised."""
    plan = json.loads(Path(plan_file).read_text(encoding="utf-8"))
    report = {"faults": environment(plan), "notebooks": []}
    for folder, name in plan["notebooks"]:
        told = {"folder": folder, "name": name}
        told |= run(Path(folder) / name, plan["cell_timeout"])
        report["notebooks"].append(told)
        Path(report_file).write_text(json.dumps(report), encoding="utf-8")
        print(f"{told['seconds']:7.1f} s  {name}  {len(told['raised'])} cells raised", flush=True)
    Path(report_file).write_text(json.dumps(report), encoding="utf-8")


def environment(plan: dict) -> list[str]:
    """What is installed that should not be, or cannot be imported."""
    wrong = [f"{name} is installed" for name in plan["absent"] if importlib.util.find_spec(name)]
    for name in plan["present"]:
        try:
            module = importlib.import_module(name)
        except Exception as error:  # noqa: BLE001 - whatever stops an import is the finding
            wrong.append(f"{name} cannot be imported: {type(error).__name__}: {error}")
            continue
        if not Path(module.__file__).resolve().is_relative_to(Path(plan["prefix"]).resolve()):
            wrong.append(f"{name} is not the environment's own: {module.__file__}")
    return wrong


def run(path: Path, cell_timeout: float) -> dict:
    """Run a notebook in its folder, errors allowed: seconds, cells, and the cells that raised.

    ``fault`` is what stopped it before its last cell, else empty.
    """
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=cell_timeout,
        allow_errors=True,
        resources={"metadata": {"path": str(path.parent)}},
    )
    start, fault = time.monotonic(), ""
    try:
        client.execute()
    except Exception as error:  # noqa: BLE001 - a kernel that died or hung is a finding, too
        fault = f"{type(error).__name__}: {str(error).strip().splitlines()[-1]}"
    code = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    fault = fault or ("not every cell ran" if any(not c.execution_count for c in code) else "")
    return {
        "seconds": time.monotonic() - start,
        "cells": len(code),
        "raised": [told for cell in code if (told := error_of(cell))],
        "fault": fault,
    }


def error_of(cell) -> dict | None:
    """What a cell raised, and what kind of cell it is: an exercise, a check or another."""
    graded = cell.metadata.get("nbgrader", {})
    kind = "exercise" if graded.get("solution") else "check" if graded.get("grade") else "other"
    if kind == "other" and "raises-exception" in cell.metadata.get("tags", []):
        return None  # it is meant to
    for output in cell.outputs:
        if output.output_type == "error":
            return {"id": cell.id, "kind": kind, "error": f"{output.ename}: {output.evalue}"}
    return None


if __name__ == "__main__":
    main(*sys.argv[1:])
