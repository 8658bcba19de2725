"""Second factors, single-use tokens, single sign-on, downloads, the outbox, and a chain through the audit trail."""

import hashlib
import json
import re
import unicodedata
from datetime import UTC

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
EVENTS = sa.table(
    "event",
    sa.column("id", sa.Integer),
    sa.column("account_id", sa.Integer),
    sa.column("kind", sa.String),
    sa.column("at", MOMENT),
    sa.column("detail", sa.JSON),
    sa.column("number", sa.Integer),
    sa.column("hash", sa.String),
)
TOGETHER = 1_000  # rows


def upgrade() -> None:
    add_text("account", "language", "en-GB", 10)
    for name in ("confirmed_at", "disabled_at", "deletion_due_at", "deleted_at"):
        op.add_column("account", sa.Column(name, MOMENT, nullable=True))
    op.add_column("account", sa.Column("short_password", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_index(op.f("ix_account_deletion_due_at"), "account", ["deletion_due_at"])
    op.create_index("ix_account_role_id", "account", ["role", "id"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute('ALTER TABLE account ALTER COLUMN email_canon TYPE VARCHAR COLLATE "C"')
    keep_words_of_names()
    add_text("session", "network", "", 64)
    op.add_column("session", sa.Column("second_factor", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("session", sa.Column("proved_at", MOMENT, nullable=True))
    tie_events()
    op.drop_table("throttle")  # what it counted is over in an hour
    op.create_table(
        "throttle",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("tries", sa.String(), nullable=False),
        sa.Column("full_at", MOMENT, nullable=False),
        at_most("throttle", "key", 120),
        at_most("throttle", "tries", 14_000),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_throttle")),
        sa.UniqueConstraint("key", name=op.f("uq_throttle_key")),
    )
    op.create_index(op.f("ix_throttle_full_at"), "throttle", ["full_at"])
    op.create_table(
        "app",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("secret", sa.String(), nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("added_at", MOMENT, nullable=False),
        at_most("app", "secret", 300),
        belongs_to_account("app"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_app")),
        sa.UniqueConstraint("account_id", name=op.f("uq_app_account_id")),
    )
    op.create_table(
        "passkey",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("credential_id", sa.String(), nullable=False),
        sa.Column("public_key", sa.String(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("transports", sa.JSON(), nullable=False),
        sa.Column("backed_up", sa.Boolean(), nullable=False),
        sa.Column("added_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT, nullable=True),
        at_most("passkey", "credential_id", 1_400),
        at_most("passkey", "public_key", 2_800),
        at_most("passkey", "name", 60),
        belongs_to_account("passkey"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkey")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_passkey_credential_id")),
    )
    op.create_table(
        "recovery_code",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("code_hash", sa.String(), nullable=False),
        sa.Column("used_at", MOMENT, nullable=True),
        at_most("recovery_code", "code_hash", 255),
        belongs_to_account("recovery_code"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_code")),
    )
    op.create_table(
        "sign_on",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("issuer", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("linked_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT, nullable=True),
        at_most("sign_on", "issuer", 300),
        at_most("sign_on", "subject", 255),
        belongs_to_account("sign_on"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_on")),
        sa.UniqueConstraint("issuer", "subject", name=op.f("uq_sign_on_issuer_subject")),
    )
    op.create_table(
        "token",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        at_most("token", "token_hash", 64),
        at_most("token", "purpose", 40),
        belongs_to_account("token"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_token_token_hash")),
    )
    op.create_index(op.f("ix_token_expires_at"), "token", ["expires_at"])
    op.create_table(
        "download",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("made_at", MOMENT, nullable=True),
        sa.Column("expires_at", MOMENT, nullable=True),
        sa.Column("data", sa.LargeBinary(), nullable=True),
        belongs_to_account("download"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_download")),
    )
    op.create_index(op.f("ix_download_expires_at"), "download", ["expires_at"])
    for table in ("passkey", "recovery_code", "sign_on", "token", "download"):
        op.create_index(op.f(f"ix_{table}_account_id"), table, ["account_id"])
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("fault", sa.String(), nullable=False),
        sa.Column("given_up_at", MOMENT, nullable=True),
        at_most("outbox", "kind", 40),
        at_most("outbox", "fault", 300),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )
    tried = sa.text("given_up_at IS NULL")
    op.create_index("ix_outbox_due_at", "outbox", ["due_at"], sqlite_where=tried, postgresql_where=tried)


def at_most(table: str, column: str, characters: int) -> sa.CheckConstraint:
    name = op.f(f"ck_{table}_{column}_at_most_{characters}")
    return sa.CheckConstraint(f"length({column}) <= {characters}", name=name)


def belongs_to_account(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_account_id_account")
    return sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=name, ondelete="CASCADE")


def add_text(table: str, column: str, default: str, characters: int) -> None:
    """Add a column with its check. SQLite makes no check later without making the table anew."""
    check = f"CONSTRAINT ck_{table}_{column}_at_most_{characters} CHECK (length({column}) <= {characters})"
    op.execute(f"ALTER TABLE {table} ADD COLUMN {column} VARCHAR DEFAULT '{default}' NOT NULL {check}")


def keep_words_of_names() -> None:
    """Make the table by which accounts are found by name, as cpd/auth/names.py fills it."""
    bytewise = sa.String().with_variant(sa.String(collation="C"), "postgresql")
    op.create_table(
        "name_word",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("word", bytewise, nullable=False),
        at_most("name_word", "word", 120),
        belongs_to_account("name_word"),
        sa.PrimaryKeyConstraint("account_id", "word", name=op.f("pk_name_word")),
    )
    connection = op.get_bind()
    accounts = sa.table("account", sa.column("id", sa.Integer), sa.column("name", sa.String))
    words = sa.table("name_word", sa.column("account_id", sa.Integer), sa.column("word", sa.String))
    after = 0
    while rows := connection.execute(
        sa.select(accounts).where(accounts.c.id > after).order_by(accounts.c.id).limit(TOGETHER)
    ).all():
        kept = [{"account_id": row.id, "word": word} for row in rows for word in words_of(row.name)]
        if kept:
            connection.execute(words.insert(), kept)
        after = rows[-1].id
    op.create_index("ix_name_word_word_account_id", "name_word", ["word", "account_id"])


def words_of(name: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", name.casefold())
    kept = "".join(letter for letter in plain if not unicodedata.combining(letter) and letter not in "'\u2019.")
    return sorted(set(re.findall(r"\w+", kept)))


def tie_events() -> None:
    """Number the lines of each account and tie each to the one before it, as cpd/auth/events.py does."""
    op.add_column("event", sa.Column("number", sa.Integer(), nullable=True))
    op.add_column("event", sa.Column("hash", sa.String(), nullable=True))
    connection = op.get_bind()
    changing = (
        EVENTS.update()
        .where(EVENTS.c.id == sa.bindparam("row"))
        .values(number=sa.bindparam("new_number"), hash=sa.bindparam("new_hash"))
    )
    last: dict[int | None, tuple[int, str]] = {}
    after = 0
    while rows := connection.execute(
        sa.select(EVENTS).where(EVENTS.c.id > after).order_by(EVENTS.c.id).limit(TOGETHER)
    ).all():
        changed = []
        for row in rows:
            number, before = last.get(row.account_id, (0, "0" * 64))
            at = row.at.replace(tzinfo=UTC) if row.at.tzinfo is None else row.at.astimezone(UTC)
            says = [before, row.account_id, number + 1, row.kind, at.isoformat(timespec="microseconds"), row.detail]
            tied = hashlib.sha256(json.dumps(says, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
            last[row.account_id] = number + 1, tied
            changed.append({"row": row.id, "new_number": number + 1, "new_hash": tied})
        connection.execute(changing, changed)
        after = rows[-1].id
    op.drop_index(op.f("ix_event_account_id_id"), table_name="event")
    with op.batch_alter_table("event") as batch:
        batch.alter_column("number", existing_type=sa.Integer(), nullable=False)
        batch.alter_column("hash", existing_type=sa.String(), nullable=False)
        batch.create_unique_constraint(op.f("uq_event_account_id_number"), ["account_id", "number"])
        batch.create_check_constraint(op.f("ck_event_hash_at_most_64"), "length(hash) <= 64")


def downgrade() -> None:
    for table in ("name_word", "outbox", "download", "token", "sign_on", "recovery_code", "passkey", "app"):
        op.drop_table(table)
    op.drop_table("throttle")
    op.create_table(
        "throttle",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("tokens", sa.Float(precision=53), nullable=False),
        sa.Column("updated_at", sa.Float(precision=53), nullable=False),
        at_most("throttle", "key", 120),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_throttle")),
        sa.UniqueConstraint("key", name=op.f("uq_throttle_key")),
    )
    op.create_index(op.f("ix_throttle_updated_at"), "throttle", ["updated_at"])
    with op.batch_alter_table("event") as batch:
        batch.drop_constraint(op.f("uq_event_account_id_number"), type_="unique")
        batch.drop_constraint(op.f("ck_event_hash_at_most_64"), type_="check")
        batch.drop_column("hash")
        batch.drop_column("number")
    op.create_index(op.f("ix_event_account_id_id"), "event", ["account_id", "id"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute('ALTER TABLE account ALTER COLUMN email_canon TYPE VARCHAR COLLATE "default"')
    op.drop_index("ix_account_role_id", table_name="account")
    op.drop_index(op.f("ix_account_deletion_due_at"), table_name="account")
    for name in ("proved_at", "second_factor", "network"):
        op.drop_column("session", name)
    for name in ("short_password", "deleted_at", "deletion_due_at", "disabled_at", "confirmed_at", "language"):
        op.drop_column("account", name)
