"""The file of a backup: a zip of uncompressed members, with the SHA-256 of all that stands before it at its end.

The sum covers every byte, so whatever changed in the file is noticed before anything is read from it. Members are not
compressed: what is unpacked can then never be larger than the file, whoever made it.
"""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from cpd.backups.faults import BackupFault, said_in_words

FORMAT = 1
MANIFEST, SECRET_KEY = "manifest.json", "secret_key"
DATABASES = {"sqlite": "database.sqlite", "postgresql": "database.dump"}
SUM_LENGTH = 64
CHUNK = 1024 * 1024
LARGEST_MANIFEST = 64 * 1024
# What the libraries raise for a zip or a manifest that is none.
UNREADABLE = (
    zipfile.BadZipFile,
    AttributeError,
    EOFError,
    KeyError,
    NotImplementedError,
    RuntimeError,
    TypeError,
    ValueError,
)
MARK = b"cpd backup, SHA-256 of all before: "


class Progress(Protocol):
    """Passes on the items, of which there are `count`, and shows how far it is."""

    def __call__(self, items: Iterable[Any], count: int) -> Iterable[Any]: ...


@dataclass(frozen=True)
class Member:
    """A file within the backup."""

    bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What a backup says of itself."""

    cpd: str  # the version that made it
    database: str  # a key of DATABASES
    migration: str
    made_at: str  # UTC
    accounts: int
    entries: int
    release: int  # 0 where nothing was ever published
    members: Mapping[str, Member] = field(default_factory=dict)
    format: int = FORMAT

    @property
    def database_member(self) -> str:
        return DATABASES[self.database]

    @property
    def contents(self) -> str:
        """What is in it, in words."""
        size = size_in_words(sum(member.bytes for member in self.members.values()))
        release = f"release {self.release}" if self.release else "nothing published"
        return f"{size}, accounts: {self.accounts}, entries: {self.entries}, {release}"


def size_in_words(size: int) -> str:
    """A number of bytes as people read it."""
    for unit, one in (("GB", 10**9), ("MB", 10**6)):
        if size >= one:
            return f"{size / one:.1f} {unit}"
    return f"{max(size // 1000, 1)} kB"


def write_archive(file: Path, manifest: Manifest, members: Mapping[str, Path], progress: Progress) -> Manifest:
    """Write a new file, durably, and read it back; gives its manifest, with sums.

    `members` are the files to put in, by their names in the backup.
    """
    sums = {name: Member(source.stat().st_size, _sum_of(source, progress)) for name, source in members.items()}
    manifest = replace(manifest, members=sums)
    with _new_file(file) as opened:
        with zipfile.ZipFile(opened, "w", zipfile.ZIP_STORED) as archive:
            archive.writestr(_private(MANIFEST), json.dumps(asdict(manifest), indent=1))
            for name, source in members.items():
                with archive.open(_private(name), "w", force_zip64=True) as member, source.open("rb") as data:
                    for chunk in progress(_chunks(data), _count(sums[name].bytes)):
                        member.write(chunk)
            archive.comment = MARK + b"0" * SUM_LENGTH
        _seal(opened, progress)
        opened.flush()
        os.fsync(opened.fileno())
    with closing(Archive(file, progress)) as archive:
        archive.check_members(progress)
        return archive.manifest


class Archive:
    """A backup that is whole: its sum is right and it holds what its manifest says. Raises BackupFault otherwise."""

    def __init__(self, file: Path, progress: Progress) -> None:
        self.file = file
        with said_in_words(file):
            self.size = file.stat().st_size
            with file.open("rb") as opened:
                _check_sum(file, opened, self.size, progress)
        try:
            self._archive = zipfile.ZipFile(file)
            self.manifest = self._read_manifest()
        except UNREADABLE:
            raise BackupFault(f"{file} is not a backup that this version of cpd can read.") from None

    def check_members(self, progress: Progress) -> None:
        """Compare each member with its sum in the manifest."""
        for name in self.manifest.members:
            for _ in self._read(name, progress):
                pass

    def unpack(self, name: str, into: Path, progress: Progress) -> None:
        """Write a member to a new file that nobody else may read, durably."""
        with _new_file(into) as opened:
            opened.writelines(self._read(name, progress))
            opened.flush()
            os.fsync(opened.fileno())

    def close(self) -> None:
        self._archive.close()

    def _read_manifest(self) -> Manifest:
        infos = {info.filename: info for info in self._archive.infolist()}
        if infos[MANIFEST].file_size > LARGEST_MANIFEST:
            raise ValueError(MANIFEST)
        for info in infos.values():
            if info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size:
                raise ValueError(info.filename)
        manifest = _manifest(json.loads(self._archive.read(MANIFEST)))
        sizes = {name: info.file_size for name, info in infos.items() if name != MANIFEST}
        if len(infos) != len(self._archive.infolist()) or sizes != {
            name: member.bytes for name, member in manifest.members.items()
        }:
            raise ValueError("members")
        if manifest.members.keys() - {SECRET_KEY} != {manifest.database_member}:
            raise ValueError("members")
        return manifest

    def _read(self, name: str, progress: Progress) -> Iterator[bytes]:
        expected, summed = self.manifest.members[name], hashlib.sha256()
        try:
            with self._archive.open(name) as member:
                for chunk in progress(_chunks(member), _count(expected.bytes)):
                    summed.update(chunk)
                    yield chunk
        except (zipfile.BadZipFile, EOFError):
            raise _damaged(self.file) from None
        if summed.hexdigest() != expected.sha256:
            raise _damaged(self.file)


def _manifest(given: dict[str, Any]) -> Manifest:
    """The manifest of its JSON. Raises one of UNREADABLE if it is no manifest."""
    if given["format"] != FORMAT:
        raise ValueError("format")
    members = {name: Member(int(each["bytes"]), str(each["sha256"])) for name, each in given.pop("members").items()}
    manifest = Manifest(**given, members=members)
    words = (manifest.cpd, manifest.database, manifest.migration, manifest.made_at)
    counts = (manifest.accounts, manifest.entries, manifest.release)
    if not all(type(word) is str and word.isprintable() for word in words):
        raise TypeError("words")
    if not all(type(count) is int and count >= 0 for count in counts) or manifest.database not in DATABASES:
        raise ValueError("counts")
    return manifest


def _new_file(file: Path) -> BinaryIO:
    """A file that is not there yet, for its owner alone, to write and to read."""
    return os.fdopen(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b")


def _private(name: str) -> zipfile.ZipInfo:
    """A member that unpacks to a file for its owner alone."""
    info = zipfile.ZipInfo(name)
    info.external_attr = 0o600 << 16
    return info


def _chunks(data: Any) -> Iterator[bytes]:
    while chunk := data.read(CHUNK):
        yield chunk


def _count(size: int) -> int:
    return -(-size // CHUNK)


def _sum_of(file: Path, progress: Progress) -> str:
    summed = hashlib.sha256()
    with file.open("rb") as opened:
        for chunk in progress(_chunks(opened), _count(file.stat().st_size)):
            summed.update(chunk)
    return summed.hexdigest()


def _sum_before_the_end(opened: BinaryIO, size: int, progress: Progress) -> bytes:
    """The sum of all but the last bytes, where it is kept; leaves the file at that place."""
    opened.seek(0)
    left = size - SUM_LENGTH
    summed = hashlib.sha256()
    for _ in progress(range(_count(left)), _count(left)):
        chunk = opened.read(min(CHUNK, left))
        left -= len(chunk)
        summed.update(chunk)
    return summed.hexdigest().encode()


def _seal(opened: BinaryIO, progress: Progress) -> None:
    size = opened.seek(0, os.SEEK_END)
    summed = _sum_before_the_end(opened, size, progress)
    opened.seek(size - SUM_LENGTH)
    opened.write(summed)


def _check_sum(file: Path, opened: BinaryIO, size: int, progress: Progress) -> None:
    opened.seek(max(size - SUM_LENGTH - len(MARK), 0))
    end = opened.read()
    if not end.startswith(MARK):
        opened.seek(0)
        if opened.read(4) == b"PK\x03\x04":
            raise _damaged(file)
        raise BackupFault(f"{file} is not a backup made by cpd.")
    if _sum_before_the_end(opened, size, progress) != end[-SUM_LENGTH:]:
        raise _damaged(file)


def _damaged(file: Path) -> BackupFault:
    return BackupFault(f"{file} is damaged or not complete: its checksum is wrong. Take another backup.")
