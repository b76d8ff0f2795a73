"""A file that a cell made stays with the page: ``offer(path, title)`` shows a link to it.

While the book is built, LABCODE_DOWNLOADS names the folder that keeps the files, each at
``<sha256[:12]>/<name>``, and the page offers them. Anywhere else nothing is copied: the same cell
says where the file lies.
"""

import hashlib
import html
import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from labcode.errors import DownloadError
from labcode.files import atomic_write

LIMIT = 20 * 2**20
"""Bytes that one file may have: a page's reader waits for it, and every cache carries it."""

FOLDER = "_files"
"""Where the files of a page lie, beside the page."""


@dataclass(frozen=True)
class Offered:
    """A file as the page shows it; ``target`` is relative to the page, None without a link.

    ``place`` is what plain text says of it: its name on a page, its path in a notebook. ``size``
    is in bytes.
    """

    title: str
    name: str
    size: int
    place: str
    target: str | None

    def __repr__(self) -> str:
        return f"{self.title}: {self.place} ({size_in_words(self.size)})"

    def _repr_html_(self) -> str:
        title, place = html.escape(self.title), html.escape(self.place)
        if self.target is not None:
            # Without a target a link would take the reader, or JupyterLab, away from the page.
            how = "download" if self.target.startswith(f"{FOLDER}/") else 'target="_blank"'
            title = f'<a href="{html.escape(quote(self.target))}" {how}>{title}</a>'
        return (
            f'<p class="lab-download">{title} '
            f"(<code>{place}</code>, {size_in_words(self.size)})</p>"
        )


def offer(path: str | os.PathLike, title: str) -> Offered:
    """Keep the file at ``path`` for the page; as the last expression of a cell it shows a link.

    ``title`` says what the file is. Raises DownloadError when there is no such file, when it is a
    folder, or when it has more than ``LIMIT`` bytes.
    """
    path = Path(path)
    if not isinstance(title, str) or not title.strip():
        raise DownloadError(f"{path}: a title is missing: offer(path, 'what the file is')")
    if path.is_dir():
        raise DownloadError(f"{path} is a folder; pack it into one file (shutil.make_archive)")
    try:
        size = path.stat().st_size
        if size > LIMIT:
            raise DownloadError(
                f"{path} has {size_in_words(size)}, and {size_in_words(LIMIT)} is the limit for a "
                "file on a page; offer less of it, or compress it"
            )
        folder = os.environ.get("LABCODE_DOWNLOADS")
        if not folder:
            return Offered(title, path.name, size, *_where(path))
        data = path.read_bytes()
    except FileNotFoundError:
        raise DownloadError(
            f"there is no file {path} to offer; has the cell that writes it run?"
        ) from None
    except OSError as error:
        raise DownloadError(f"cannot read {path}: {error.strerror or error}") from error
    kept = f"{digest(data)}/{path.name}"
    atomic_write(Path(folder) / kept, data)
    return Offered(title, path.name, len(data), path.name, f"{FOLDER}/{kept}")


def digest(data: bytes) -> str:
    """The name of the folder that keeps a file of this content."""
    return hashlib.sha256(data).hexdigest()[:12]


def size_in_words(size: int) -> str:
    """Bytes as a reader says them: 812 bytes, 1.5 KiB, 20.0 MiB."""
    if size < 2**10:
        return f"{size} bytes"
    return f"{size / 2**10:.1f} KiB" if size < 2**20 else f"{size / 2**20:.1f} MiB"


def _where(path: Path) -> tuple[str, str | None]:
    """How to call ``path`` in a notebook, and its link: only what lies below the notebook has one.

    Jupyter serves nothing from outside its own folder.
    """
    full, here = path.resolve(), Path.cwd().resolve()
    if not full.is_relative_to(here):
        return str(full), None
    relative = full.relative_to(here).as_posix()
    return relative, relative
