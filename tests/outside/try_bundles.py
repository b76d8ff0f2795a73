"""Each bundle in an environment of its own: unpack, follow the README, run every notebook.

Started by ``make try-bundles``; ``python -m tests.outside.try_bundles --first 3`` runs the first
three notebooks only. Everything happens below ``_build/try-bundles`` (or ``--folder``), with a home
folder of its own, so that neither this tree nor the user's data help. Exit status 1, and what is
wrong, when a student who did the same would have been stopped.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

from labcode.frameworks import FRAMEWORKS
from labcode.publish.bundles import bundles
from labcode.publish.contents import Book, read_book
from labcode.publish.notebooks import LAB, bundle_name, export

ROOT = Path(__file__).resolve().parents[2]
INSIDE = Path(__file__).with_name("inside.py")
ABSENT = ("sphinx", "nbgrader", "playwright", "jupyter_book", "myst_nb", "pytest")
MODULES = {"pytorch": "torch", "tensorflow": "tensorflow"}
CELL_TIMEOUT = 900
"""Seconds; a cell that trains takes minutes on two busy cores."""


class Failed(Exception):
    """A step of the README did not work."""


def main(arguments: list[str] | None = None) -> int:
    """Try the bundles of the book at the root of this tree; 0 when a student could work."""
    parser = argparse.ArgumentParser(prog="try_bundles", description=__doc__.splitlines()[0])
    parser.add_argument("--framework", action="append", choices=list(FRAMEWORKS))
    parser.add_argument("--first", type=int, help="run only the first so many notebooks")
    parser.add_argument("--folder", type=Path, default=ROOT / "_build" / "try-bundles")
    parser.add_argument("--keep", action="store_true", help="leave the environments there")
    parser.add_argument("--limit", type=float, default=3600, help="seconds for each framework")
    args = parser.parse_args(arguments)
    book = read_book(ROOT)
    wrong = []
    for framework in args.framework or FRAMEWORKS:
        folder = args.folder / framework
        shutil.rmtree(folder, ignore_errors=True)
        try:
            report = trial(book, framework, folder, args.first, args.limit)
        except Failed as failure:
            wrong.append(f"{FRAMEWORKS[framework].label}: {failure}")
            continue
        finally:
            if not args.keep:
                shutil.rmtree(folder, ignore_errors=True)
        print(table(framework, report))
        wrong += [f"{FRAMEWORKS[framework].label}: {fault}" for fault in faults(report)]
    print(*wrong, sep="\n")
    return 1 if wrong else 0


def commands(readme: str) -> list[str]:
    """The commands that a README tells to type. Raises Failed when the last is not jupyter lab."""
    block = re.search(r"```bash\n(.*?)```", readme, re.S)
    lines = block[1].splitlines() if block else []
    if not lines or lines[-1].strip() != "jupyter lab":
        raise Failed(f"the README's commands do not end in jupyter lab: {lines}")
    return lines


def unpack(book: Book, framework: str, folder: Path) -> Path:
    """Unpack the bundle into the empty ``folder``; the folder in which a student types."""
    folder.mkdir(parents=True)
    archive = folder / bundle_name(framework)
    archive.write_bytes(bundles(book, [framework])[archive.name])
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(folder)
    return folder / f"{LAB}-{framework}"


def trial(book: Book, framework: str, folder: Path, first: int | None, limit: float) -> dict:
    """Do what the README says, and run the notebooks in place of its last command."""
    here = unpack(book, framework, folder)
    readme = (here / "README.md").read_text(encoding="utf-8")
    *steps, _ = commands(readme)
    names = re.findall(r"^\| \[(.+?\.ipynb)\]", readme, re.M)
    if sorted(names) != sorted(path.name for path in here.glob("*.ipynb")):
        raise Failed("the README does not list the notebooks that are there")
    solved = here / "solved"
    solved.mkdir()
    shutil.copytree(here / "results", solved / "results")  # notebooks look for it beside them
    for name, data in export(book, "solution", [framework]).items():
        (solved / name).write_bytes(data)
    plan, report = folder / "plan.json", folder / "report.json"
    chosen = names[:first]
    told = {
        "absent": [*ABSENT, *(m for key, m in MODULES.items() if key != framework)],
        "present": ["labcode", f"labcode.{framework}", MODULES[framework]],
        "prefix": str(here),
        "notebooks": [[str(where), name] for where in (here, solved) for name in chosen],
        "cell_timeout": CELL_TIMEOUT,
    }
    plan.write_text(json.dumps(told), encoding="utf-8")
    install = time.monotonic()
    shell(steps, here, environment(folder), limit)
    print(f"{framework}: installed in {time.monotonic() - install:.0f} s", flush=True)
    # The same shell session goes on: activated, in the bundle's folder, in a new home.
    again = [step for step in steps if "activate" in step]
    last = f"python {INSIDE} {plan} {report}"
    home = environment(folder) | {"HOME": str(folder / "home")}
    (folder / "home").mkdir()
    shell([*again, last], here, home, limit)
    return json.loads(report.read_text(encoding="utf-8"))


def environment(folder: Path) -> dict[str, str]:
    """What a student's shell has: nothing of ours, and a ``python3`` of the right version."""
    tools = folder / "bin"
    tools.mkdir(exist_ok=True)
    base = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
    if not (tools / "python3").exists():
        (tools / "python3").symlink_to(base)
    ours = ("PYTHON", "LABCODE", "JUPYTER", "VIRTUAL_ENV", "XDG_", "PROFILE")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
    path = [
        p for p in kept["PATH"].split(os.pathsep) if not (Path(p).parent / "pyvenv.cfg").exists()
    ]
    return kept | {"PATH": os.pathsep.join([str(tools), *path])}


def shell(lines: list[str], folder: Path, env: dict[str, str], limit: float) -> None:
    """Type ``lines`` in one shell. Raises Failed when one fails or all take too long."""
    script = "set -eo pipefail\n" + "\n".join(lines)
    try:
        done = subprocess.run(["bash", "-c", script], cwd=folder, env=env, timeout=limit)
    except subprocess.TimeoutExpired:
        raise Failed(f"not done after {limit:.0f} s: {lines[-1]}") from None
    if done.returncode:
        raise Failed(f"exit status {done.returncode} of: {'; '.join(lines)}")


def faults(report: dict) -> list[str]:
    """What would have stopped a student, or the author of a solution."""
    wrong = list(report["faults"])
    for told in report["notebooks"]:
        where = label(told)
        if told["fault"]:
            wrong.append(f"{where}: {told['fault']}")
        for cell in told["raised"]:
            if is_solved(told) or cell["kind"] == "other":
                wrong.append(f"{where}, cell {cell['id']} ({cell['kind']}): {cell['error'][:300]}")
    return wrong


def table(framework: str, report: dict) -> str:
    """A row for each notebook: edition, time, cells, and how many raised by kind."""
    lines = [f"\n{FRAMEWORKS[framework].label:<36} {'seconds':>8} {'cells':>6}  raised"]
    for told in report["notebooks"]:
        kinds = [cell["kind"] for cell in told["raised"]]
        raised = ", ".join(f"{kinds.count(k)} {k}" for k in sorted(set(kinds))) or "-"
        if told["fault"]:
            raised += f"; {told['fault']}"
        lines.append(f"{label(told):<36} {told['seconds']:8.1f} {told['cells']:6}  {raised}")
    return "\n".join(lines)


def label(told: dict) -> str:
    """A notebook's name and edition."""
    stem = told["name"].removesuffix(".ipynb")
    return f"{stem} ({'solved' if is_solved(told) else 'blank'})"


def is_solved(told: dict) -> bool:
    """Whether the notebook is of the solution edition."""
    return Path(told["folder"]).name == "solved"


if __name__ == "__main__":
    sys.exit(main())
