"""Install and remove data sets: from an archive, a folder, the internet, or the generator."""

import os
import shutil
import tempfile
from pathlib import Path

from labcode.data import places
from labcode.data.archive import take
from labcode.data.layout import read_layout
from labcode.data.progress import Progress
from labcode.errors import DataError
from labcode.files import atomic_folder, explain


def add(name: str, source: Path | None = None) -> None:
    """Install ``name`` from ``source`` (archive or folder), or by download when there is none.

    The data appear whole or not at all; a killed run leaves nothing that counts as installed, and
    the next run clears its leftovers. DataError when already installed, or when the source is
    unsafe, truncated or damaged.
    """
    known = places.known(name)
    if known.generated:
        from labcode.data.sample import install_sample

        if source is not None:
            raise DataError(f"{name} is generated, not imported: leave out --from.")
        return install_sample(name)
    refuse_installed(name)
    if source is not None:
        return _import(name, source.expanduser().absolute())
    from labcode.data.download import download

    downloads = places.root() / ".downloads"
    with places.locked(name, places.root()):
        archive = download(downloads)
    _import(name, archive, checked=True)
    # Only after the import, so that a failed import (a full disk) need not download again.
    shutil.rmtree(downloads, ignore_errors=True)


def _import(name: str, source: Path, *, checked: bool = False) -> None:
    target = places.folder_of(name)
    with places.locked(name, places.root()):
        refuse_installed(name)
        clear_leftovers(name)
        with (
            Progress(f"importing {source.name}", "files") as progress,
            atomic_folder(target) as new,
        ):
            take(source, new, progress, checked=checked)
            if problems := read_layout(new).problems:
                listing = "".join(f"\n  - {problem}" for problem in problems)
                raise DataError(f"{source} is damaged; nothing was installed:{listing}")


def refuse_installed(name: str) -> None:
    """DataError when ``name`` is installed already: an import must not replace data silently."""
    if places.is_installed(name):
        raise DataError(
            f"{name} is already installed in {places.folder_of(name)}. To replace it: "
            f"labcode data remove {name}"
        )


def clear_leftovers(name: str) -> None:
    """Delete what killed imports left beside the target; the caller holds the lock."""
    for leftover in places.root().glob(f".{name}.*"):
        if leftover.is_dir():
            shutil.rmtree(leftover, ignore_errors=True)


def remove(name: str) -> list[Path]:
    """Delete the images and arrays of ``name``; returns what was deleted.

    A folder is first renamed, so that a killed removal leaves no half data set. A symbolic link to
    a share is deleted, the share is not.
    """
    places.known(name)
    gone = []
    for path in (places.folder_of(name), places.arrays_of(name)):
        if not os.path.lexists(path):
            continue
        with places.locked(name, path.parent):
            try:
                if path.is_symlink():
                    path.unlink()
                else:
                    grave = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{name}."))
                    path.rename(grave / "removed")
                    shutil.rmtree(grave)
            except OSError as error:
                raise explain(error, path) from error
        gone.append(path)
    return gone
