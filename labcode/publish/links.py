"""Every link of a built site, followed: to the file, and to the place in it."""

import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

PATIENCE = 30
AGENT = "Mozilla/5.0 (labcode links)"
"""Some sites refuse whoever does not look like a browser."""

UNSURE = {401, 403, 405, 429, 503}
"""Answers of sites that turn programs away; a page that is gone says 404 or 410."""


class Page(HTMLParser):
    """What a page links to, and the places in it that one can link to."""

    def __init__(self, text: str):
        super().__init__()
        self.links: list[str] = []
        self.places: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect addresses and ids."""
        found = {name: value for name, value in attrs if value is not None}
        self.places |= {found[name] for name in ("id", "name") if name in found}
        wanted = ("href", "src") if tag != "base" else ()
        self.links += [found[name] for name in wanted if name in found]


def check(site: Path) -> tuple[int, list[str]]:
    """How many links inside the site there are, and those that lead nowhere, with their page."""
    pages = {path: read(path) for path in pages_of(site)}
    count, broken = 0, []
    for path, page in pages.items():
        for link in dict.fromkeys(page.links):
            if urlsplit(link).scheme or link.startswith("//"):
                continue
            count += 1
            if fault := follow(link, path, site, pages):
                broken.append(f"{path.relative_to(site)}: {link}: {fault}")
    return count, broken


def pages_of(site: Path) -> list[Path]:
    """The pages that a reader sees; ``_static`` has the themes' templates besides."""
    found = sorted(site.rglob("*.html"))
    return [path for path in found if path.relative_to(site).parts[0] != "_static"]


def read(path: Path) -> Page:
    """The page at ``path``."""
    return Page(path.read_text(encoding="utf-8"))


def follow(link: str, path: Path, site: Path, pages: dict[Path, Page]) -> str | None:
    """Why a relative link of the page at ``path`` leads nowhere; None where it does not."""
    address, place = urldefrag(link)
    name = unquote(urlsplit(address).path)
    start = site if name.startswith("/") else path.parent
    target = Path(start, name.lstrip("/")).resolve() if name else path
    if not target.is_relative_to(site):
        return "outside of the site"
    if target.is_dir():
        target /= "index.html"
    if not target.is_file():
        return "no such file"
    # An empty fragment, and #top, are the top of any page (HTML standard, 7.4.6.3).
    if place and place != "top" and target in pages:
        known = pages[target].places
        if place not in known and unquote(place) not in known:
            return "no such place in that page"
    return None


def outside(site: Path) -> dict[str, str]:
    """Addresses of other sites' pages, without the place in them -> the first page that has it."""
    found: dict[str, str] = {}
    for path in pages_of(site):
        for link in read(path).links:
            if urlsplit(link).scheme in ("http", "https"):
                found.setdefault(urldefrag(link)[0], path.relative_to(site).as_posix())
    return found


def fetch(addresses: dict[str, str]) -> list[str]:
    """Those of ``addresses`` that do not answer, or answer that there is no such page."""
    return list(_failing(addresses.items()))


def _failing(addresses: Iterable[tuple[str, str]]) -> Iterator[str]:
    for address, page in addresses:
        request = urllib.request.Request(address, headers={"User-Agent": AGENT})
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE):
                pass
        except urllib.error.HTTPError as error:
            if error.code not in UNSURE:
                yield f"{page}: {address}: {error.code} {error.reason}"
        except (OSError, ValueError) as error:
            yield f"{page}: {address}: {error}"
