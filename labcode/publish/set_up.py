"""The first cell of a student's notebook: it checks the set-up and says what to type.

It is plain Python and needs nothing of what it looks for.
"""

import labcode
from labcode.publish import distribution

MODULES = {"pytorch": ("torch",), "tensorflow": ("tensorflow", "keras")}
"""The modules whose versions decide; labcode's own room is imported before them."""

CELL = """\
# Run this cell first: it checks that what this notebook needs is installed.
def check_set_up():
    import importlib
    import sys
    from pathlib import Path

    wanted = {wanted}
    faults, notes, found = [], [], []
    if not {oldest} <= sys.version_info[:2] <= {newest}:
        notes.append("The lab was tried with Python {pythons}.")
    for name, version in wanted.items():
        try:
            module = importlib.import_module(name)
        except Exception as error:
            faults.append(f"{{name}} cannot be imported: {{error}}")
            continue
        if version:
            have = module.__version__.split("+")[0]
            found.append(f"{{name}} {{have}}")
            if have != version:
                notes.append(f"This is {{name}} {{have}}; the lab was tried with {{version}}.")
    print(*faults, *notes, sep="\\n", end="\\n" if faults or notes else "")
    if faults:
        if Path("requirements.txt").exists():
            print({beside!r})
        else:
            print({alone!r})
        print("Then restart the kernel, and run this cell again.")
        raise ImportError("the set-up is not complete; read what is printed above")
    print("Set-up:", "Python", sys.version.split()[0] + ",", ", ".join(found))


check_set_up()
"""

BESIDE = "In a new cell, type and run:  %pip install -r requirements.txt"

ALONE = (
    "Unpack {bundle} from the book, open this notebook in its folder, and in a new cell run:  "
    "%pip install -r requirements.txt"
)

PUBLISHED = 'In a new cell, type and run:  %pip install "labcode[{framework}] @ {wheel}"'


def cell(framework: str, bundle: str, wheel: str = "") -> str:
    """The source of the cell; ``bundle`` is the archive that has the requirements.

    ``wheel`` is the address of labcode's wheel on the published site, if that is known: a notebook
    without its bundle, as on a machine in a cloud, can then install labcode from there.
    """
    pins = distribution.locked()
    rooms = {"labcode": labcode.__version__, f"labcode.{framework}": None}
    wanted = rooms | {name: pins[name] for name in MODULES[framework]}
    lines = "".join(
        f'        "{name}": ' + (f'"{version}",\n' if version else "None,\n")
        for name, version in wanted.items()
    )
    oldest, newest = distribution.pythons()
    alone = PUBLISHED if wheel else ALONE
    return CELL.format(
        wanted="{\n" + lines + "    }",
        oldest=oldest,
        newest=newest,
        pythons=distribution.pythons_in_words(),
        beside=BESIDE,
        alone=alone.format(bundle=bundle, framework=framework, wheel=wheel),
    ).rstrip()
