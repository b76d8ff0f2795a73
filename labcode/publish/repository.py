"""Where the published site lies, and what opens its notebooks from there: Colab, Binder, pip.

They read the branch on which the site is published, never the sources, which hold the solutions.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import yaml

GITHUB = re.compile(r"https://github\.com/([\w.-]+/[\w.-]+?)(?:\.git)?/?")
BRANCH = "gh-pages"


@dataclass(frozen=True)
class Repository:
    """A repository on GitHub by its ``owner/name``; ``branch`` is the one that holds the site."""

    name: str
    branch: str = BRANCH

    def colab(self, path: str) -> str:
        """The address that opens the notebook at ``path`` of the site in Colab."""
        where = f"{self.name}/blob/{self.branch}/{path}"
        return f"https://colab.research.google.com/github/{quote(where)}"

    def binder(self, path: str) -> str:
        """The address that opens the notebook at ``path`` of the site on mybinder.org."""
        branch = quote(self.branch, safe="")
        return f"https://mybinder.org/v2/gh/{self.name}/{branch}?urlpath=lab/tree/{quote(path)}"

    def raw(self, path: str) -> str:
        """The address of the file at ``path`` of the site."""
        where = f"{self.name}/{self.branch}/{path}"
        return f"https://raw.githubusercontent.com/{quote(where)}"


def of(root: Path) -> Repository | None:
    """What ``_config.yml`` of the book at ``root`` says.

    None while ``repository.url`` is empty, and for a host other than GitHub, which neither Colab
    nor these addresses know.
    """
    path = Path(root) / "_config.yml"
    settings = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else None
    found = GITHUB.fullmatch(_under(settings, "repository").get("url") or "")
    if not found:
        return None
    own = _under(_under(settings, "sphinx"), "config")
    return Repository(found[1], own.get("labcode_site_branch") or BRANCH)


def _under(settings: dict | None, name: str) -> dict:
    return (settings or {}).get(name) or {}
