"""What a built site tells of itself: the ``.provenance.json`` files beside its pages."""

import json
import math
from pathlib import Path

from labcode.errors import LabcodeError
from labcode.frameworks import FRAMEWORKS

SUFFIX = ".provenance.json"


class ToldError(LabcodeError):
    """A site cannot be read: there is none, or what it tells of a page is damaged."""


def names(site: Path) -> set[str]:
    """The pages of ``site`` that have provenance, damaged or not, as chapters are named."""
    return {
        path.relative_to(site).as_posix().removesuffix(SUFFIX)
        for path in Path(site).rglob(f"*{SUFFIX}")
    }


def page(site: Path, name: str) -> dict:
    """What ``site`` tells of the page ``name``; ToldError where that is missing or damaged."""
    path = Path(site) / f"{name}{SUFFIX}"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        _check(found, name)
    except FileNotFoundError:
        raise ToldError(f"{path} is missing") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ToldError(f"{path} is damaged ({type(error).__name__}: {error})") from error
    return found


def read(site: Path) -> dict[str, dict]:
    """What ``site`` tells, by page, sorted. Raises ToldError where nothing is told, or damaged."""
    found = {name: page(site, name) for name in sorted(names(site))}
    if not found:
        raise ToldError(f"{site} holds no {SUFFIX} file; name the folder of a built site")
    return found


def _check(page: dict, name: str) -> None:
    """Raise one of the errors of a wrong structure unless readers may rely on that of ``page``."""
    if page["chapter"] != name:
        raise ValueError(f"it is that of {page['chapter']}")
    if not all(math.isfinite(value) for value in page.setdefault("numbers", {}).values()):
        raise ValueError("a measured number is none")
    for framework, run in page["notebooks"].items():
        if framework not in FRAMEWORKS:
            raise ValueError(f"there is no framework {framework}")
        parts = [run["provenance"], run.get("inputs") or {}, run.setdefault("records", {})]
        if not isinstance(run["key"], str) or not all(isinstance(part, dict) for part in parts):
            raise TypeError("a notebook's key or its circumstances")
        if not 0 <= run["seconds"] < math.inf:
            raise ValueError("a duration is none")
