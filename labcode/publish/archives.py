"""Archives that are the same bytes from the same files: fixed order, times and modes."""

import io
import os
import time
import zipfile
from collections.abc import Mapping

OLDEST = 315532800
"""1980-01-01, in seconds since 1970: a zip file knows nothing older."""


def zipped(members: Mapping[str, bytes]) -> bytes:
    """A zip file of ``members`` (path -> bytes), in the order given.

    Nothing is compressed: compressors differ from machine to machine, and weights hardly shrink.
    All times are SOURCE_DATE_EPOCH's, by default the oldest that there is.
    """
    moment = max(OLDEST, int(os.environ.get("SOURCE_DATE_EPOCH", OLDEST)))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, data in members.items():
            entry = zipfile.ZipInfo(name, time.gmtime(moment)[:6])
            entry.create_system = 3  # Unix, wherever this runs, or the mode would be ignored
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, data)
    return buffer.getvalue()
