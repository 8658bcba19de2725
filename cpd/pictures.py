"""Pictures of modules and monographs: kept by the hash of their bytes, so that an address never shows another one."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import LargeBinary, select
from sqlalchemy.orm import Mapped, mapped_column

from cpd.db import Base, insert_once, read_first

MEDIA_TYPES = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    "avif": "image/avif",
}


class StoredPicture(Base):
    """The bytes of a picture."""

    __tablename__ = "picture"

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(unique=True)
    data: Mapped[bytes] = mapped_column(LargeBinary)


@dataclass(frozen=True)
class Picture:
    """A picture by the SHA-256 of its bytes, and the ending of its name."""

    digest: str
    ending: str
    data: bytes

    @property
    def address(self) -> str:
        return f"/pictures/{self.digest}.{self.ending}"


def add_picture(picture: Picture) -> None:
    """Keep a picture, once. The caller commits."""
    insert_once(StoredPicture, {"digest": picture.digest, "data": picture.data})


def find_picture(digest: str) -> bytes | None:
    """The bytes of a picture."""
    found = read_first(select(StoredPicture.data).where(StoredPicture.digest == digest))
    return found.data if found else None
