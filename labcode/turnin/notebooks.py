"""Whether a notebook was run from top to bottom and without an error, by its own outputs.

Read as JSON, so that nothing of Jupyter need be installed.
"""

import json
from pathlib import Path

AGAIN = "choose 'Restart Kernel and Run All Cells', then save"


def notebook_problems(path: Path) -> list[str]:
    """What is amiss in the notebook ``path``, as clauses; empty when it ran cleanly."""
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        code = [cell for cell in cells if cell["cell_type"] == "code" and _source(cell)]
    except (ValueError, KeyError, TypeError):
        return ["is not a notebook of format 4; open it in JupyterLab and save it again"]
    if not code:
        return ["holds no code"]
    problems = [
        f"code cell {number} ends in {output.get('ename', 'an error')}; mend it and {AGAIN}"
        for number, cell in enumerate(code, 1)
        if not _may_fail(cell)
        for output in cell.get("outputs", [])
        if output.get("output_type") == "error"
    ]
    counts = [cell.get("execution_count") for cell in code]
    missing = [number for number, count in enumerate(counts, 1) if count is None]
    if missing:
        which = f"code cell {missing[0]}" + (f" and {len(missing) - 1} more" * (len(missing) > 1))
        problems.append(f"{which} of {len(code)} did not run; {AGAIN}")
    elif counts != list(range(1, len(code) + 1)):
        number = next(i for i, count in enumerate(counts, 1) if count != i)
        problems.append(
            f"its cells did not run from top to bottom: code cell {number} is numbered "
            f"[{counts[number - 1]}] instead of [{number}]; {AGAIN}"
        )
    return problems


def _may_fail(cell: dict) -> bool:
    """True for an exercise and its check: who could not solve one still hands in the others."""
    return "raises-exception" in cell.get("metadata", {}).get("tags", [])


def _source(cell: dict) -> str:
    return "".join(cell["source"]).strip()
