"""Take a data set out of a zip, a tar (plain or compressed) or a folder, and trust none of them.

Only the files of the layout are taken (``wnids.txt``, ``words.txt``, ``train/``, ``val/``;
``test/`` is left out), below whatever top folder the archive has. A member that would leave the
target folder, or is a link or a device, makes the whole archive refused, needed or not.
"""

import bz2
import gzip
import hashlib
import lzma
import os
import re
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from labcode.errors import DataError

OFFICIAL_NAME = "tiny-imagenet-200.zip"
OFFICIAL_BYTES = 248_100_043
OFFICIAL_MD5 = "90528d7ca1a48142e341f4ef8d21d0de"
LARGEST_MEMBER = 64 * 2**20  # bytes; the largest file needed, words.txt, has 2.7 MB
NEEDED = re.compile(
    r"(?P<top>(?:[^/]+/)*?)"
    r"(?P<inner>wnids\.txt|words\.txt"
    r"|train/[^/]+/(?:[^/]+_boxes\.txt|images/[^/]+\.JPEG)"
    r"|val/(?:val_annotations\.txt|images/[^/]+\.JPEG|n\d+/images/[^/]+\.JPEG))"
)
MAGIC = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\0": lzma.open}
DAMAGE = (EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, tarfile.TarError)


@dataclass(frozen=True)
class Member:
    """A regular file in an archive: its name, its size in bytes, and how to open it."""

    name: str
    size: int
    open: Callable[[], IO[bytes]]


Progress = Callable[[int, int | None], None]


def take(source: Path, target: Path, progress: Progress, *, checked: bool = False) -> None:
    """Copy the data set in ``source`` (archive or folder) into the existing folder ``target``.

    ``checked`` leaves out the official zip's checksum, which a download has compared already.

    Raises DataError, with the member or the damage named, when the source is unsafe, truncated,
    corrupt, or holds no data set; what was copied till then stays in ``target`` for the caller to
    throw away. ``progress`` is called with the number of files so far.
    """
    if not source.exists():
        raise DataError(f"there is no {source}.")
    if source.is_dir():
        members = _folder_members(source)
    else:
        if not checked:
            _check_official(source)
        if zipfile.is_zipfile(source):
            members = _zip_members(source)
        elif _is_tar(source):
            members = _tar_members(source)
        else:
            raise DataError(
                f"{source} is neither a zip nor a tar archive, or its beginning or end is missing "
                "(a download that was cut?). Nothing was installed; get it again."
            )
    try:
        _copy(source, members, target, progress)
    except (*DAMAGE, RuntimeError, NotImplementedError) as error:
        raise _corrupt(source, error) from error
    except OSError as error:
        # gzip and bz2 report bad input as OSError without an error number.
        if error.errno is None:
            raise _corrupt(source, error) from error
        raise


def _copy(source: Path, members: Iterator[Member], target: Path, progress: Progress) -> None:
    top = None
    done = 0
    made: set[Path] = set()
    for member in members:
        match = NEEDED.fullmatch(member.name)
        if match is None or match["inner"].rpartition("/")[2].startswith("."):
            continue
        if top is None:
            top = match["top"]
        if match["top"] != top:
            # A nested copy (a backup within the folder) must not be mixed with the first one.
            raise DataError(
                f"{source} holds two data sets, below {top or '.'!r} and {match['top'] or '.'!r}. "
                "Nothing was installed; pack one alone."
            )
        if member.size > LARGEST_MEMBER:
            raise DataError(
                f"{source}: {member.name} has {member.size:,} bytes, far too many for this data "
                "set. Nothing was installed."
            )
        path = target / match["inner"]
        if path.parent not in made:
            path.parent.mkdir(parents=True, exist_ok=True)
            made.add(path.parent)
        with member.open() as content, open(path, "wb") as out:
            shutil.copyfileobj(content, out, 1 << 18)
            if out.tell() != member.size:
                raise EOFError(f"{member.name} ends after {out.tell()} of {member.size} bytes")
        done += 1
        progress(done, None)
    if not (target / "wnids.txt").is_file():
        raise DataError(
            f"{source} holds no Tiny ImageNet: there is no wnids.txt in it. Nothing was installed."
        )


def _check_name(source: Path, name: str) -> str:
    """The name with single forward slashes; DataError when it points out of the target folder."""
    parts = name.split("/")
    if name.startswith("/") or "\\" in name or "\0" in name or ".." in parts or ":" in parts[0]:
        raise _unsafe(source, name, "its path leads out of the target folder")
    return "/".join(part for part in parts if part not in ("", "."))


def _unsafe(source: Path, name: str, why: str) -> DataError:
    return DataError(f"{source} is refused: member {name!r}: {why}. Nothing was installed.")


def _corrupt(source: Path, error: Exception) -> DataError:
    return DataError(
        f"{source} is truncated or corrupt ({error}). Nothing was installed; get it again."
    )


def _zip_members(source: Path) -> Iterator[Member]:
    with zipfile.ZipFile(source) as archive:
        infos = archive.infolist()
        for info in infos:
            # orig_filename: ZipFile itself rewrites backslashes and cuts at a null byte.
            name = _check_name(source, info.orig_filename)
            kind = stat.S_IFMT(info.external_attr >> 16)
            if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise _unsafe(source, name, "it is a link or a device")
            if info.is_dir():
                continue
            yield Member(name, info.file_size, lambda info=info: archive.open(info))


def _tar_members(source: Path) -> Iterator[Member]:
    with _decompressed(source) as content, tarfile.open(fileobj=content, mode="r|") as archive:
        for info in archive:
            name = _check_name(source, info.name)
            if info.isdir():
                continue
            if not info.isreg():
                raise _unsafe(source, name, "it is a link or a device")
            yield Member(name, info.size, lambda info=info: archive.extractfile(info))
        # tarfile takes a member header that it cannot read for the end, and gzip and its kin
        # compare their checksums at the very end only: so read on, and expect padding alone.
        while rest := archive.fileobj.read(1 << 18):
            if rest.strip(b"\0"):
                raise tarfile.ReadError("a member header is unreadable")


def _decompressed(source: Path) -> IO[bytes]:
    """The tar stream in ``source``; tarfile's own gzip reader would not compare the checksum."""
    with open(source, "rb") as file:
        magic = file.read(6)
    for start, opener in MAGIC.items():
        if magic.startswith(start):
            return opener(source, "rb")
    return open(source, "rb")


def _is_tar(source: Path) -> bool:
    try:
        with _decompressed(source) as content, tarfile.open(fileobj=content, mode="r|"):
            return True
    except (*DAMAGE, OSError):
        return False


def _folder_members(source: Path) -> Iterator[Member]:
    """Files of the data set in ``source`` or in its one subfolder that has a ``wnids.txt``."""
    if not (source / "wnids.txt").is_file():
        inner = [p for p in sorted(source.iterdir()) if (p / "wnids.txt").is_file()]
        if len(inner) != 1:
            raise DataError(
                f"{source} holds no Tiny ImageNet: there is no wnids.txt in it"
                f"{' (but several below it)' if inner else ''}. Nothing was installed."
            )
        source = inner[0]
    # Only these: walking test/ or whatever else lies there would take long for nothing.
    for name in ("wnids.txt", "words.txt"):
        if (source / name).is_file():
            yield _file_member(source, source / name)
    for part in ("train", "val"):
        for where, folders, names in os.walk(source / part):
            folders.sort()
            for name in sorted(names):
                yield _file_member(source, Path(where, name))


def _file_member(root: Path, path: Path) -> Member:
    return Member(path.relative_to(root).as_posix(), path.stat().st_size, lambda: open(path, "rb"))


def _check_official(source: Path) -> None:
    """The official zip, known by name or size, must have the official checksum."""
    if source.name != OFFICIAL_NAME and source.stat().st_size != OFFICIAL_BYTES:
        return
    found = md5_of(source)
    if found != OFFICIAL_MD5:
        raise DataError(
            f"{source} is not the official {OFFICIAL_NAME}: it has {source.stat().st_size:,} of "
            f"{OFFICIAL_BYTES:,} bytes and md5 {found} instead of {OFFICIAL_MD5}. Nothing was "
            "installed; get it again (or give an archive of your own making another name)."
        )


def md5_of(path: Path) -> str:
    """Hex MD5 of a file: the checksum that the data set was published with."""
    total = hashlib.md5(usedforsecurity=False)
    with open(path, "rb") as file:
        while piece := file.read(1 << 20):
            total.update(piece)
    return total.hexdigest()
