"""Tables of accounts: who may sign in and with what, sessions, what was agreed to, what happened, limits on tries."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from cpd.db import Base, Bytewise, Json, UtcDateTime, at_most


class Role(StrEnum):
    """What an account may do. Each role may do what those before it may."""

    LEARNER = "learner"
    AUTHOR = "author"
    EDITOR = "editor"
    ADMINISTRATOR = "administrator"

    def includes(self, other: Role) -> bool:
        """Whether this role may do all that the other one may."""
        ranks = list(Role)
        return ranks.index(self) >= ranks.index(other)


class EventKind(StrEnum):
    """What the audit trail tells of an account. Stored by value: rename none."""

    REGISTERED = "registered"
    CREATED = "created"
    SIGNED_IN = "signed_in"
    SIGN_IN_FAILED = "sign_in_failed"
    SIGNED_OUT = "signed_out"
    PROVED_AGAIN = "proved_again"
    PROOF_FAILED = "proof_failed"
    SESSION_ENDED = "session_ended"
    SESSIONS_ENDED = "sessions_ended"
    CONSENTED = "consented"
    RESET_ASKED = "reset_asked"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105  # a word, not a secret
    ADDRESS_CONFIRMED = "address_confirmed"
    ADDRESS_CHANGE_ASKED = "address_change_asked"
    ADDRESS_CHANGED = "address_changed"
    DETAILS_CHANGED = "details_changed"
    APP_ADDED = "app_added"
    APP_REMOVED = "app_removed"
    PASSKEY_ADDED = "passkey_added"
    PASSKEY_RENAMED = "passkey_renamed"
    PASSKEY_REMOVED = "passkey_removed"
    RECOVERY_CODES_MADE = "recovery_codes_made"
    RECOVERY_CODE_USED = "recovery_code_used"
    FACTORS_RESET = "factors_reset"
    SIGN_ON_LINKED = "sign_on_linked"
    SIGN_ON_UNLINKED = "sign_on_unlinked"
    ROLE_CHANGED = "role_changed"
    DISABLED = "disabled"
    ENABLED = "enabled"
    DOWNLOAD_ASKED = "download_asked"
    DOWNLOADED = "downloaded"
    DELETION_ASKED = "deletion_asked"
    DELETION_WITHDRAWN = "deletion_withdrawn"
    DELETED = "deleted"


class Account(Base):
    """What may sign in. `email` is as typed, for mail; `email_canon` is the one form all its spellings share.

    Whoever changes `name` also calls `keep_words` of cpd/auth/names.py.
    """

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
        at_most("language", 10),
        Index("ix_account_role_id", "role", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str]
    email_canon: Mapped[str] = mapped_column(Bytewise)
    name: Mapped[str]
    password_hash: Mapped[str]
    profession: Mapped[str]
    registration_body: Mapped[str]  # "" where none is given
    registration_number: Mapped[str]
    role: Mapped[str]
    zone: Mapped[str]
    language: Mapped[str] = mapped_column(server_default="en-GB")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # that mail reaches the owner
    disabled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # by an administrator: nobody signs in
    deletion_due_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)  # the owner has asked for it
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # only the number is left of it
    short_password: Mapped[bool] = mapped_column(server_default=false())  # good only beside a second factor


class NameWord(Base):
    """A word of an account's name, without capitals and accents: administrators find accounts by it."""

    __tablename__ = "name_word"
    __table_args__ = (Index("ix_name_word_word_account_id", "word", "account_id"), at_most("word", 120))

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), primary_key=True)
    word: Mapped[str] = mapped_column(Bytewise, primary_key=True)


class Session(Base):
    """One signed-in browser. The cookie carries a random token, the row its SHA-256."""

    __tablename__ = "session"
    __table_args__ = (
        UniqueConstraint("token_hash"),
        at_most("token_hash", 64),
        at_most("user_agent", 200),
        at_most("network", 64),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    user_agent: Mapped[str]
    network: Mapped[str] = mapped_column(server_default="")  # the address that signed in
    second_factor: Mapped[bool] = mapped_column(server_default=false())  # was proved, so a role counts
    proved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # when the learner last proved who they are


class App(Base):
    """An authenticator app. No code counts that is not newer than `last_step` (steps of 30 seconds since 1970)."""

    __tablename__ = "app"
    __table_args__ = (UniqueConstraint("account_id"), at_most("secret", 300))

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    secret: Mapped[str]  # encrypted
    last_step: Mapped[int] = mapped_column(BigInteger)
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Passkey(Base):
    """A passkey: its public key, as base64url like its id. `sign_count` is what it last said it was."""

    __tablename__ = "passkey"
    __table_args__ = (
        UniqueConstraint("credential_id"),
        at_most("credential_id", 1_400),
        at_most("public_key", 2_800),
        at_most("name", 60),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    credential_id: Mapped[str]
    public_key: Mapped[str]
    sign_count: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str]
    transports: Mapped[list[str]] = mapped_column(Json)
    backed_up: Mapped[bool]
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class RecoveryCode(Base):
    """A code for one sign-in without the second factor, as a hash."""

    __tablename__ = "recovery_code"
    __table_args__ = (at_most("code_hash", 255),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    code_hash: Mapped[str]
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SignOn(Base):
    """That an account signs in with a provider of OpenID Connect, which names it `subject`."""

    __tablename__ = "sign_on"
    __table_args__ = (UniqueConstraint("issuer", "subject"), at_most("issuer", 300), at_most("subject", 255))

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    issuer: Mapped[str]
    subject: Mapped[str]
    linked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Token(Base):
    """Something to be done once by whoever brings the token, of which this is the SHA-256. `detail` belongs to it."""

    __tablename__ = "token"
    __table_args__ = (UniqueConstraint("token_hash"), at_most("token_hash", 64), at_most("purpose", 40))

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str]
    purpose: Mapped[str]
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    detail: Mapped[dict[str, Any]] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class Download(Base):
    """All that is kept of a learner as a ZIP, once the worker has made it."""

    __tablename__ = "download"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    made_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    data: Mapped[bytes | None] = mapped_column(LargeBinary)


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
    """A line of the audit trail, written in the transaction of what it tells. `detail` holds no secret.

    The lines of an account are numbered, and each holds the hash of the one before it (cpd/auth/events.py).
    """

    __tablename__ = "event"
    __table_args__ = (
        UniqueConstraint("account_id", "number"),
        at_most("kind", 40),
        at_most("hash", 64),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    number: Mapped[int]
    kind: Mapped[str]
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    detail: Mapped[dict[str, Any]] = mapped_column(Json)
    hash: Mapped[str]


class Throttle(Base):
    """A bucket of tries: the times of the last ones, as cpd/auth/throttle.py marks them. Forgotten once it is full."""

    __tablename__ = "throttle"
    __table_args__ = (UniqueConstraint("key"), at_most("key", 120), at_most("tries", 14_000))

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str]
    tries: Mapped[str]
    full_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
