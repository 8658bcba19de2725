"""Files, folders and zips as the bytes of XML documents, one at a time, within limits. No zip is unpacked to disk."""

from __future__ import annotations

import io
import os
import stat
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from cpd.content.source import SourceFault, read_bytes
from cpd.content.spl.reading import MOST_BYTES

ZIP = b"PK\x03\x04"
CHUNK = 1 << 20


@dataclass(frozen=True)
class Limits:
    """What a zip may hold. DailyMed's whole release is five zips of some 10,000 labels each."""

    entries: int = 200_000
    nested: int = 128 * 1024 * 1024  # bytes of a zip in a zip
    inflated: int = 40 * 1024 * 1024 * 1024  # bytes read out of one file in all
    ratio: int = 200  # times what an entry takes in the zip
    depth: int = 3  # zips in zips


@dataclass(frozen=True)
class Document:
    """The bytes of a document; `where` names the file, and what it is called in zips."""

    where: str
    data: bytes


@dataclass(frozen=True)
class Refusal:
    """What was not read, and why."""

    where: str
    why: str

    def __str__(self) -> str:
        return f"{self.where}: {self.why}"


LIMITS = Limits()


def documents_in(sources: Iterable[Path], limits: Limits = LIMITS) -> Iterator[Document | Refusal]:
    """Every XML document of the sources, in the order of their names. What is neither XML nor zip is passed over."""
    for source in sources:
        if source.is_dir():
            found = False
            for each in _folder(source, limits):
                found = True
                yield each
            if not found:
                yield Refusal(_said(str(source)), "holds no XML file and no zip; name the labels")
        else:
            yield from _file(source, limits)


def _folder(folder: Path, limits: Limits) -> Iterator[Document | Refusal]:
    refused: list[Refusal] = []

    def unreadable(error: OSError) -> None:
        refused.append(Refusal(_said(str(error.filename)), f"can't be read: {error.strerror}"))

    for name, folders, files in os.walk(folder, onerror=unreadable):
        yield from refused
        refused.clear()
        place = Path(name)
        folders.sort()
        for each in sorted(folders):
            if (place / each).is_symlink():
                yield Refusal(_said(str(place / each)), "is a link to a folder, which is not followed; name the folder")
                folders.remove(each)
        for each in sorted(files):
            if not each.lower().endswith((".xml", ".zip")):
                continue
            if (place / each).is_symlink():
                yield Refusal(_said(str(place / each)), "is a link, which is not followed; name the file itself")
            else:
                yield from _file(place / each, limits)
    yield from refused


def _file(path: Path, limits: Limits) -> Iterator[Document | Refusal]:
    where = _said(str(path))
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            yield Refusal(where, "is not a file; name an XML file, a zip, or a folder of them")
            return
        with path.open("rb") as opened:
            start = opened.read(len(ZIP))
        if start == ZIP or path.suffix.lower() == ".zip":
            with zipfile.ZipFile(path) as archive:
                yield from _Zip(limits).documents(archive, where)
        else:
            yield Document(where, read_bytes(path, MOST_BYTES))
    except SourceFault as fault:
        yield Refusal(where, fault.problems[0].message)
    except zipfile.BadZipFile:
        yield Refusal(where, "is no zip, or a damaged one; download it again")
    except OSError as error:
        yield Refusal(where, f"can't be read: {error.strerror or error}")


class _Zip:
    """Reads one zip file and the zips in it, and counts what it inflates."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.entries = 0
        self.inflated = 0

    def documents(self, archive: zipfile.ZipFile, where: str, depth: int = 1) -> Iterator[Document | Refusal]:
        infos = archive.infolist()
        self.entries += len(infos)
        if not any(info.filename.lower().endswith((".xml", ".zip")) for info in infos):
            yield Refusal(where, "holds no XML file; name the labels")
        if self.entries > self.limits.entries:
            yield Refusal(where, f"has more than {self.limits.entries:,} entries; split it")
            return
        for info in sorted(infos, key=lambda each: each.filename):
            place = f"{where}/{_said(info.filename)}"
            name = info.filename.lower()
            if info.is_dir() or not name.endswith((".xml", ".zip")):
                continue
            try:
                yield from self._entry(archive, info, place, depth)
            except _Refused as refused:
                yield Refusal(place, str(refused))
                if self.inflated > self.limits.inflated:
                    return

    def _entry(
        self, archive: zipfile.ZipFile, info: zipfile.ZipInfo, place: str, depth: int
    ) -> Iterator[Document | Refusal]:
        if not _is_plain(info):
            raise _Refused("has a path that leads out of the zip, or is a link; make the zip anew")
        if not info.filename.lower().endswith(".zip"):
            yield Document(place, self._read(archive, info, MOST_BYTES))
            return
        if depth >= self.limits.depth:
            raise _Refused(f"is a zip more than {self.limits.depth} zips deep; unpack it first")
        data = io.BytesIO(self._read(archive, info, self.limits.nested))
        try:
            inner = zipfile.ZipFile(data)
        except zipfile.BadZipFile:
            raise _Refused("is no zip, or a damaged one; download it again") from None
        with inner:
            yield from self.documents(inner, place, depth + 1)

    def _read(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo, most: int) -> bytes:
        """The bytes of an entry. What its header says of its size is not believed."""
        if info.file_size > most:
            raise _Refused(f"is {info.file_size / 1024 / 1024:,.3g} MB, more than {most // 1024 // 1024} MB; split it")
        allowed = max(CHUNK, info.compress_size * self.limits.ratio)
        chunks: list[bytes] = []
        size = 0
        try:
            with archive.open(info) as opened:
                while chunk := opened.read(CHUNK):
                    size += len(chunk)
                    self.inflated += len(chunk)
                    if size > min(most, allowed):
                        raise _Refused("inflates to far more than it takes in the zip; make the zip anew")
                    if self.inflated > self.limits.inflated:
                        raise _Refused("makes the zip inflate to more than may be read; split the zip")
                    chunks.append(chunk)
        except RuntimeError:
            raise _Refused("is locked with a password; unpack it first") from None
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError):
            raise _Refused("is damaged in the zip; download it again") from None
        return b"".join(chunks)


class _Refused(Exception):
    """An entry that is not read; the message says why."""


def _is_plain(info: zipfile.ZipInfo) -> bool:
    name = info.filename
    path = PurePosixPath(name)
    is_link = stat.S_ISLNK(info.external_attr >> 16)
    return not (path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name or is_link)


def _said(name: str) -> str:
    """A name that can be printed, whatever signs are in it."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in name)[:500]
