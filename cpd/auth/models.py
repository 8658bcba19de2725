"""Tables of accounts: who may sign in, their sessions, what they agreed to, what happened, and limits on tries."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Float, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from cpd.db import Base, Json, UtcDateTime, at_most


class Role(StrEnum):
    LEARNER = "learner"
    AUTHOR = "author"
    EDITOR = "editor"
    ADMINISTRATOR = "administrator"


class EventKind(StrEnum):
    """What the audit trail tells of an account. Stored by value: rename none."""

    REGISTERED = "registered"
    SIGNED_IN = "signed_in"
    SIGN_IN_FAILED = "sign_in_failed"
    SIGNED_OUT = "signed_out"


class Account(Base):
    """What may sign in. `email` is as typed, for mail; `email_canon` is the one form all its spellings share."""

    __tablename__ = "account"
    __table_args__ = (
        UniqueConstraint("email_canon"),
        CheckConstraint("role IN ('learner', 'author', 'editor', 'administrator')", name="role_known"),
        CheckConstraint("registration_number = '' OR registration_body <> ''", name="number_needs_body"),
        at_most("email", 254),
        at_most("email_canon", 254),
        at_most("name", 120),
        at_most("password_hash", 255),
        at_most("profession", 60),
        at_most("registration_body", 20),
        at_most("registration_number", 20),
        at_most("zone", 64),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str]
    email_canon: Mapped[str]
    name: Mapped[str]
    password_hash: Mapped[str]
    profession: Mapped[str]
    registration_body: Mapped[str]  # "" where none is given
    registration_number: Mapped[str]
    role: Mapped[str]
    zone: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Session(Base):
    """One signed-in browser. The cookie carries a random token, the row its SHA-256."""

    __tablename__ = "session"
    __table_args__ = (UniqueConstraint("token_hash"), at_most("token_hash", 64), at_most("user_agent", 200))

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    user_agent: Mapped[str]


class Consent(Base):
    """That an account agreed to a version of a document."""

    __tablename__ = "consent"
    __table_args__ = (
        UniqueConstraint("account_id", "document", "version"),
        at_most("document", 60),
        at_most("version", 40),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    document: Mapped[str]  # slug of the page
    version: Mapped[str]
    consented_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Event(Base):
    """A line of the audit trail, written in the transaction of what it tells. `detail` holds no secret."""

    __tablename__ = "event"
    __table_args__ = (Index(None, "account_id", "id"), at_most("kind", 40))

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    kind: Mapped[str]
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    detail: Mapped[dict[str, Any]] = mapped_column(Json)


class Throttle(Base):
    """A bucket of tries: `tokens` were left at `updated_at`. Seconds since 1970, so both databases can reckon."""

    __tablename__ = "throttle"
    __table_args__ = (UniqueConstraint("key"), at_most("key", 120))

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str]
    tokens: Mapped[float] = mapped_column(Float(53))
    updated_at: Mapped[float] = mapped_column(Float(53), index=True)
