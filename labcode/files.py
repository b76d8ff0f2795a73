"""Files that are either whole or absent: atomic writes, atomic folders, digests of file trees."""

import errno
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from labcode.errors import LabcodeError

ADVICE = {
    errno.ENOSPC: "the disk is full; free some space and run the same command again",
    errno.EDQUOT: "your disk quota is used up; free some space and run the same command again",
    errno.EROFS: "the file system is read-only; choose a writable folder",
    errno.EACCES: "you may not write there; choose a folder of your own",
    errno.EPERM: "you may not write there; choose a folder of your own",
}


def explain(error: OSError, path: Path) -> LabcodeError:
    """Turn an operating-system error about ``path`` into one that says what to do."""
    what = ADVICE.get(error.errno, error.strerror or str(error))
    return LabcodeError(f"cannot write {path}: {what}. Nothing was changed.")


def atomic_write(path: str | os.PathLike, data: bytes | str) -> None:
    """Write ``data`` to ``path`` so that a reader sees the old file or the new one, never a part.

    Text is written as UTF-8. Raises LabcodeError when the folder cannot be written or the disk is
    full; the old file, if any, is then still there.
    """
    path = Path(path)
    if isinstance(data, str):
        data = data.encode()
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        # mkstemp makes files private; a published file follows the user's umask like any other.
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except OSError as error:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        raise explain(error, path) from error
    except BaseException:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        raise


@contextmanager
def atomic_folder(path: str | os.PathLike) -> Iterator[Path]:
    """Yield an empty temporary folder that becomes ``path`` on success and vanishes on failure.

    ``path`` must not exist when the block ends, unless another process made it meanwhile: then
    theirs is kept, for both were made from the same input.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}."))
        os.chmod(temporary, 0o777 & ~_umask())
    except OSError as error:
        raise explain(error, path) from error
    try:
        yield temporary
        try:
            os.rename(temporary, path)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
    except OSError as error:
        inside = error.filename is None or Path(error.filename).is_relative_to(temporary)
        if error.errno in ADVICE and inside:
            raise explain(error, path) from error
        raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def digest_of_files(paths: Iterable[Path], root: Path) -> str:
    """Hex SHA-256 over the names (relative to ``root``, sorted) and the contents of ``paths``."""
    total = hashlib.sha256()
    for name, path in sorted((p.relative_to(root).as_posix(), p) for p in paths):
        total.update(f"{name}\0".encode())
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
