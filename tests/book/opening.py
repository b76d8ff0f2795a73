"""Every text that lies in a file: in archives inside archives, in pictures, in JSON, in base64.

``texts`` says where each stands, as ``lab1.zip > labcode.whl > labcode/cli.py``. It knows the
containers that a site, a notebook or a bundle is made of; the raw bytes are read besides.
"""

import base64
import binascii
import bz2
import gzip
import hashlib
import html
import io
import json
import lzma
import re
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from urllib.parse import unquote

BASE64 = re.compile(r"(?:[A-Za-z0-9+/_-]{16,}(?:\r?\n)?)+")
QUOTED = re.compile(r"%[0-9a-fA-F]{2}")
TAG = re.compile(r"<[^<>]*>")
ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))", re.S)
LETTERS = {"n": "\n", "t": "\t", "r": "\n"}
INDEX = "Search.setIndex("
COMPRESSED = ((b"\x1f\x8b", gzip.decompress), (b"BZh", bz2.decompress),
              (b"\xfd7zXZ", lzma.decompress), (b"\x78\x01", zlib.decompress),
              (b"\x78\x9c", zlib.decompress), (b"\x78\xda", zlib.decompress))  # fmt: skip
DEEPEST = 12


class Opener:
    """Opens each content once, wherever it lies again."""

    def __init__(self):
        self.seen: set[bytes] = set()

    def texts(self, where: str, data: bytes, depth: int = 0) -> Iterator[tuple[str, str]]:
        """Place and text of all that is in ``data``, which lies at ``where``."""
        digest = hashlib.sha1(data).digest()
        if digest in self.seen or depth > DEEPEST:
            return
        self.seen.add(digest)
        for name, inner in members(data):
            yield from self.texts(f"{where} > {name}", inner, depth + 1)
        text = data.decode("utf-8", errors="ignore")
        if b"\0" in data:
            yield where, text
            yield where, text.replace("\0", "")  # UTF-16
            return
        for view in views(text):
            yield where, view
        for inner in strings(text):
            yield from self.texts(where, inner.encode("utf-8", errors="ignore"), depth + 1)
        for inner in encoded(text):
            yield from self.texts(f"{where} > base64", inner, depth + 1)


def members(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Name and content of what ``data`` contains or is the compressed form of."""
    if b"PK\x05\x06" in data and zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            yield "names", "\n".join(archive.namelist()).encode()
            yield (
                "comments",
                b"\n".join([archive.comment, *(i.comment for i in archive.infolist())]),
            )
            for info in archive.infolist():
                yield info.filename, archive.read(info)
    elif data[257:262] == b"ustar":
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            for info in archive:
                if info.isfile():
                    yield info.name, archive.extractfile(info).read()
    elif data.startswith(b"\x89PNG\r\n\x1a\n"):
        yield from chunks(data)
    elif data.startswith(b"# Sphinx inventory") and data.count(b"\n") >= 4:
        yield "inventory", zlib.decompress(data.split(b"\n", 4)[4])
    for magic, opened in COMPRESSED:
        if data.startswith(magic):
            try:
                yield "decompressed", opened(data)
            except (OSError, EOFError, zlib.error, lzma.LZMAError):
                pass  # it only looked compressed


def chunks(data: bytes) -> Iterator[tuple[str, bytes]]:
    """The chunks of a PNG besides its pixels, opened where compressed, and what follows it."""
    at = 8
    while at + 8 <= len(data):
        size, kind = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8]
        body = data[at + 8 : at + 8 + size]
        at += size + 12
        if kind == b"IDAT":
            continue
        yield kind.decode("latin-1"), body
        if kind in (b"zTXt", b"iTXt", b"iCCP"):
            for start in [i for i in range(len(body) - 1) if body[i] == 0x78]:
                try:
                    yield f"{kind.decode()} opened", zlib.decompress(body[start:])
                except zlib.error:
                    continue
        if kind == b"IEND":
            yield "after the picture", data[at:]
            return


def views(text: str) -> set[str]:
    """``text`` as it is, and as its readers would decode it: HTML, escapes, addresses."""
    found = {text}
    if "\\" in text:
        found.add(ESCAPE.sub(_unescaped, text))
    if QUOTED.search(text):
        found.add(unquote(text, errors="ignore"))
    if "<" in text:
        found |= {TAG.sub("", view) for view in found}
    if "&" in text:
        found |= {html.unescape(view) for view in found}
    return found


def _unescaped(match: re.Match) -> str:
    if code := match[1] or match[2]:
        return chr(int(code, 16))
    return LETTERS.get(match[3], match[3])


def strings(text: str) -> Iterator[str]:
    """The strings of a JSON text, lists of lines put together; of Sphinx's search index, too."""
    body = text.strip()
    if body.startswith(INDEX):
        body = body[len(INDEX) :].rstrip(");")
    if not body.startswith(("{", "[")):
        return
    try:
        waiting = [json.loads(body)]
    except (ValueError, RecursionError):
        return
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            waiting += [*value.keys(), *value.values()]
        elif isinstance(value, list):
            if value and all(isinstance(item, str) for item in value):
                yield "".join(value)
                yield "\n".join(value)
            else:
                waiting += value


def encoded(text: str) -> Iterator[bytes]:
    """What the runs of base64 in ``text`` mean, where that is a text or a known container."""
    for match in BASE64.finditer(text):
        run = re.sub(r"\s", "", match[0]).translate(str.maketrans("-_", "+/"))
        try:
            data = base64.b64decode(run[: len(run) // 4 * 4] + _rest(run))
        except binascii.Error:
            continue
        known = data.startswith((b"PK", b"\x89PNG", *(magic for magic, _ in COMPRESSED)))
        if known or _readable(data[:200]):
            yield data


def _rest(run: str) -> str:
    """The last group of a run, filled up; one letter alone means nothing."""
    last = run[len(run) // 4 * 4 :]
    return last + "=" * (4 - len(last)) if len(last) > 1 else ""


def _readable(data: bytes) -> bool:
    text = data.decode("utf-8", errors="ignore")
    good = sum(c.isprintable() or c.isspace() for c in text)
    return len(text) > 0.9 * len(data) and good > 0.95 * len(text)
