"""Download Tiny ImageNet: where and with which md5, the ``tinyimagenet`` package says.

The package's own ``TinyImageNet(root)`` downloads, unpacks and rearranges in one go, and starts
over after a cut. So its mirror loop is kept and given a download function of ours, which resumes,
shows a bar, and unpacks nothing (`labcode.data.archive` does that, safely).
"""

import os
from http.client import HTTPException
from pathlib import Path
from unittest.mock import patch
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from labcode import torchvision_compat
from labcode.data.archive import md5_of
from labcode.data.progress import Progress
from labcode.errors import DataError
from labcode.files import ADVICE, explain

ATTEMPTS = 3
TIMEOUT = 60  # seconds without a byte


def download(folder: Path) -> Path:
    """Download the archive into ``folder`` and return its path; it has the package's md5.

    A connection that breaks is taken up where it broke, ``ATTEMPTS`` times in all, and again by
    the next call: until the md5 is right the file is called ``.part``. DataError without internet.
    ``$LABCODE_TINYIMAGENET_URL`` names the same archive somewhere else.
    """
    try:
        torchvision_compat.install()
        import tinyimagenet
    except ModuleNotFoundError as error:
        raise DataError(
            f"the download needs the package {error.name!r}, which comes with the book's "
            "environment or with pip install '.[pytorch]'; without it, get the archive in another "
            "way and type: labcode data add tiny-imagenet --from ARCHIVE"
        ) from error

    [(name, _)] = tinyimagenet.resources
    elsewhere = os.environ.get("LABCODE_TINYIMAGENET_URL")

    def fetch(url: str, download_root: Path, filename: str, md5: str) -> None:
        _fetch(elsewhere or url, Path(download_root) / filename, md5)

    try:
        folder.mkdir(parents=True, exist_ok=True)
        with patch.object(tinyimagenet, "download_and_extract_archive", fetch):
            tinyimagenet.download_resources(folder, tinyimagenet.mirrors, tinyimagenet.resources)
    except RuntimeError as error:
        raise DataError(
            f"the download of {name} failed: {error} Run the same command again to go on from "
            "what has arrived, or get the archive another way and use --from."
        ) from error
    except OSError as error:
        raise explain(error, folder) from error
    return folder / name


def _fetch(url: str, final: Path, md5: str) -> None:
    """Download ``url`` to ``final`` by way of ``final.part``; RuntimeError when that fails."""
    part = final.with_name(f"{final.name}.part")
    if final.is_file() and md5_of(final) == md5:
        return
    final.unlink(missing_ok=True)
    reason: object = ""
    with Progress(f"downloading {final.name}", "bytes") as progress:
        for _ in range(ATTEMPTS):
            try:
                complete = _receive(url, part, progress)
            except HTTPError as error:
                raise RuntimeError(f"{url} answered {error.code} {error.reason}.") from error
            except (OSError, HTTPException) as error:
                if isinstance(error, OSError) and error.errno in ADVICE:
                    raise
                reason = getattr(error, "reason", error)
                continue
            if not complete:
                reason = "the connection was cut"
            elif (found := md5_of(part)) == md5:
                part.replace(final)
                return
            else:
                # Not to be resumed: what is wrong in it would stay wrong.
                part.unlink()
                reason = f"the file received has md5 {found} instead of {md5}"
        raise RuntimeError(f"{url}: {reason}.")


def _receive(url: str, part: Path, progress: Progress) -> bool:
    """Append to ``part`` what is missing; True when the server's length has been reached."""
    have = part.stat().st_size if part.exists() else 0
    request = Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        response = urlopen(request, timeout=TIMEOUT)
    except HTTPError as error:
        # 416: the part is already as long as the file (cut between the last byte and the check).
        if error.code == 416:
            return True
        raise
    with response:
        resumed = response.status == 206
        length = response.headers.get("Content-Length")
        start = have if resumed else 0
        total = start + int(length) if length else None
        with open(part, "ab" if resumed else "wb") as out:
            while chunk := response.read(1 << 16):
                out.write(chunk)
                progress(out.tell(), total)
            arrived = out.tell()
    return total is None or arrived == total
