"""The first tables: accounts, documents with their revisions, attempts and the ledger."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("email_canon", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("profession", sa.String(), nullable=False),
        sa.Column("registration_body", sa.String(), nullable=False),
        sa.Column("registration_number", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "registration_number = '' OR registration_body <> ''", name=op.f("ck_account_number_needs_body")
        ),
        sa.CheckConstraint(
            "role IN ('learner', 'author', 'editor', 'administrator')", name=op.f("ck_account_role_known")
        ),
        sa.CheckConstraint("length(email) <= 254", name=op.f("ck_account_email_at_most_254")),
        sa.CheckConstraint("length(email_canon) <= 254", name=op.f("ck_account_email_canon_at_most_254")),
        sa.CheckConstraint("length(name) <= 120", name=op.f("ck_account_name_at_most_120")),
        sa.CheckConstraint("length(password_hash) <= 255", name=op.f("ck_account_password_hash_at_most_255")),
        sa.CheckConstraint("length(profession) <= 60", name=op.f("ck_account_profession_at_most_60")),
        sa.CheckConstraint("length(registration_body) <= 20", name=op.f("ck_account_registration_body_at_most_20")),
        sa.CheckConstraint("length(registration_number) <= 20", name=op.f("ck_account_registration_number_at_most_20")),
        sa.CheckConstraint("length(zone) <= 64", name=op.f("ck_account_zone_at_most_64")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("email_canon", name=op.f("uq_account_email_canon")),
    )
    op.create_table(
        "category",
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("summary", sa.String(), nullable=False),
        sa.Column("credits", sa.Integer(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("style", sa.String(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_category")),
    )
    op.create_table(
        "former_slug",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "slug", name=op.f("pk_former_slug")),
    )
    op.create_table(
        "monograph",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("generic_name", sa.String(), nullable=False),
        sa.Column("sort_name", sa.String(), nullable=False),
        sa.Column("letter", sa.String(), nullable=False),
        sa.Column("classes", sa.String(), nullable=False),
        sa.Column("boxed", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("live_revision_id", sa.Integer(), nullable=True),
        sa.Column("live_rendering_id", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_monograph")),
        sa.UniqueConstraint("slug", name=op.f("uq_monograph_slug")),
    )
    op.create_index("ix_monograph_letter", "monograph", ["status", "letter", "sort_name", "id"], unique=False)

    op.create_table(
        "page",
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("live_revision_id", sa.Integer(), nullable=True),
        sa.Column("live_rendering_id", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_page")),
        sa.UniqueConstraint("slug", name=op.f("uq_page_slug")),
    )
    op.create_table(
        "picture",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_picture")),
        sa.UniqueConstraint("digest", name=op.f("uq_picture_digest")),
    )
    op.create_table(
        "release",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_release")),
    )
    op.create_table(
        "specialty",
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_specialty")),
    )
    op.create_table(
        "throttle",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("tokens", sa.Float(precision=53), nullable=False),
        sa.Column("updated_at", sa.Float(precision=53), nullable=False),
        sa.CheckConstraint("length(key) <= 120", name=op.f("ck_throttle_key_at_most_120")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_throttle")),
        sa.UniqueConstraint("key", name=op.f("uq_throttle_key")),
    )
    op.create_index(op.f("ix_throttle_updated_at"), "throttle", ["updated_at"], unique=False)

    op.create_table(
        "consent",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("consented_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("length(document) <= 60", name=op.f("ck_consent_document_at_most_60")),
        sa.CheckConstraint("length(version) <= 40", name=op.f("ck_consent_version_at_most_40")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_consent_account_id_account"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
        sa.UniqueConstraint("account_id", "document", "version", name=op.f("uq_consent_account_id_document_version")),
    )
    op.create_table(
        "event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.CheckConstraint("length(kind) <= 40", name=op.f("ck_event_kind_at_most_40")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_event_account_id_account"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
    )
    op.create_index(op.f("ix_event_account_id_id"), "event", ["account_id", "id"], unique=False)

    op.create_table(
        "module",
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("summary", sa.String(), nullable=False),
        sa.Column("category_slug", sa.String(), nullable=False),
        sa.Column("credits", sa.Integer(), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("reviewed_on", sa.Date(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("external", sa.String(), nullable=True),
        sa.Column("drugs", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("live_revision_id", sa.Integer(), nullable=True),
        sa.Column("live_rendering_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["category_slug"], ["category.slug"], name=op.f("fk_module_category_slug_category")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_module")),
        sa.UniqueConstraint("slug", name=op.f("uq_module_slug")),
    )
    op.create_index(
        "ix_module_category_newest", "module", ["status", "category_slug", "reviewed_on", "id"], unique=False
    )
    op.create_index("ix_module_credits", "module", ["status", "credits", "id"], unique=False)
    op.create_index("ix_module_newest", "module", ["status", "reviewed_on", "id"], unique=False)

    op.create_table(
        "monograph_revision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("source_hash", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("number >= 1", name=op.f("ck_monograph_revision_number_from_one")),
        sa.ForeignKeyConstraint(
            ["document_id"], ["monograph.id"], name=op.f("fk_monograph_revision_document_id_monograph")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_monograph_revision")),
        sa.UniqueConstraint("document_id", "number", name=op.f("uq_monograph_revision_document_id_number")),
    )
    op.create_table(
        "page_revision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("source_hash", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("number >= 1", name=op.f("ck_page_revision_number_from_one")),
        sa.ForeignKeyConstraint(["document_id"], ["page.id"], name=op.f("fk_page_revision_document_id_page")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_page_revision")),
        sa.UniqueConstraint("document_id", "number", name=op.f("uq_page_revision_document_id_number")),
    )
    op.create_table(
        "session",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_agent", sa.String(), nullable=False),
        sa.CheckConstraint("length(token_hash) <= 64", name=op.f("ck_session_token_hash_at_most_64")),
        sa.CheckConstraint("length(user_agent) <= 200", name=op.f("ck_session_user_agent_at_most_200")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_session_account_id_account"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_session_token_hash")),
    )
    op.create_index(op.f("ix_session_account_id"), "session", ["account_id"], unique=False)
    op.create_index(op.f("ix_session_expires_at"), "session", ["expires_at"], unique=False)

    op.create_table(
        "mention",
        sa.Column("monograph_slug", sa.String(), nullable=False),
        sa.Column("module_id", sa.Integer(), nullable=False),
        sa.Column("module_slug", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("category_slug", sa.String(), nullable=False),
        sa.Column("category_title", sa.String(), nullable=False),
        sa.Column("category_style", sa.String(), nullable=False),
        sa.Column("credits", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["module_id"], ["module.id"], name=op.f("fk_mention_module_id_module")),
        sa.ForeignKeyConstraint(
            ["monograph_slug"], ["monograph.slug"], name=op.f("fk_mention_monograph_slug_monograph"), onupdate="CASCADE"
        ),
        sa.PrimaryKeyConstraint("monograph_slug", "module_id", name=op.f("pk_mention")),
    )
    op.create_table(
        "module_revision",
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("assessment", sa.JSON(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("source_hash", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("number >= 1", name=op.f("ck_module_revision_number_from_one")),
        sa.ForeignKeyConstraint(["document_id"], ["module.id"], name=op.f("fk_module_revision_document_id_module")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_module_revision")),
        sa.UniqueConstraint("document_id", "number", name=op.f("uq_module_revision_document_id_number")),
    )
    op.create_table(
        "module_specialty",
        sa.Column("module_id", sa.Integer(), nullable=False),
        sa.Column("specialty_slug", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["module_id"], ["module.id"], name=op.f("fk_module_specialty_module_id_module")),
        sa.ForeignKeyConstraint(
            ["specialty_slug"], ["specialty.slug"], name=op.f("fk_module_specialty_specialty_slug_specialty")
        ),
        sa.PrimaryKeyConstraint("module_id", "specialty_slug", name=op.f("pk_module_specialty")),
    )
    op.create_index("ix_module_specialty_specialty", "module_specialty", ["specialty_slug", "module_id"], unique=False)

    op.create_table(
        "monograph_rendering",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("renderer", sa.String(), nullable=False),
        sa.Column("names_hash", sa.String(), nullable=False),
        sa.Column("html", sa.String(), nullable=False),
        sa.Column("parts", sa.JSON(), nullable=False),
        sa.Column("revision_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["revision_id"],
            ["monograph_revision.id"],
            name=op.f("fk_monograph_rendering_revision_id_monograph_revision"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_monograph_rendering")),
    )
    op.create_index(op.f("ix_monograph_rendering_revision_id"), "monograph_rendering", ["revision_id"], unique=False)

    op.create_table(
        "page_rendering",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("renderer", sa.String(), nullable=False),
        sa.Column("names_hash", sa.String(), nullable=False),
        sa.Column("html", sa.String(), nullable=False),
        sa.Column("parts", sa.JSON(), nullable=False),
        sa.Column("revision_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["revision_id"], ["page_revision.id"], name=op.f("fk_page_rendering_revision_id_page_revision")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_page_rendering")),
    )
    op.create_index(op.f("ix_page_rendering_revision_id"), "page_rendering", ["revision_id"], unique=False)

    op.create_table(
        "attempt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("learner_id", sa.Integer(), nullable=False),
        sa.Column("module_id", sa.Integer(), nullable=False),
        sa.Column("revision_id", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("creditable", sa.Boolean(), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("out_of", sa.Integer(), nullable=False),
        sa.Column("pass_mark", sa.Integer(), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.CheckConstraint("pass_mark BETWEEN 1 AND 100", name=op.f("ck_attempt_pass_mark_in_per_cent")),
        sa.CheckConstraint("score BETWEEN 0 AND out_of", name=op.f("ck_attempt_score_within_the_questions")),
        sa.ForeignKeyConstraint(["learner_id"], ["account.id"], name=op.f("fk_attempt_learner_id_account")),
        sa.ForeignKeyConstraint(["module_id"], ["module.id"], name=op.f("fk_attempt_module_id_module")),
        sa.ForeignKeyConstraint(
            ["revision_id"], ["module_revision.id"], name=op.f("fk_attempt_revision_id_module_revision")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
        sa.UniqueConstraint("learner_id", "token", name="one_result_per_sitting"),
    )
    op.create_index("ix_attempt_learner_module", "attempt", ["learner_id", "module_id", "id"], unique=False)

    op.create_table(
        "module_rendering",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("renderer", sa.String(), nullable=False),
        sa.Column("names_hash", sa.String(), nullable=False),
        sa.Column("html", sa.String(), nullable=False),
        sa.Column("parts", sa.JSON(), nullable=False),
        sa.Column("revision_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["revision_id"], ["module_revision.id"], name=op.f("fk_module_rendering_revision_id_module_revision")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_module_rendering")),
    )
    op.create_index(op.f("ix_module_rendering_revision_id"), "module_rendering", ["revision_id"], unique=False)

    op.create_table(
        "entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("learner_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("category_slug", sa.String(), nullable=False),
        sa.Column("category_title", sa.String(), nullable=False),
        sa.Column("category_style", sa.String(), nullable=False),
        sa.Column("module_slug", sa.String(), nullable=True),
        sa.Column("module_id", sa.Integer(), nullable=True),
        sa.Column("revision_id", sa.Integer(), nullable=True),
        sa.Column("revision_number", sa.Integer(), nullable=True),
        sa.Column("attempt_id", sa.Integer(), nullable=True),
        sa.Column("edition", sa.Integer(), nullable=True),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("out_of", sa.Integer(), nullable=True),
        sa.Column("pass_mark", sa.Integer(), nullable=True),
        sa.Column("credits", sa.Integer(), nullable=False),
        sa.Column("claimed_credits", sa.Integer(), nullable=False),
        sa.Column("learned_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(kind = 'module') = (module_id IS NOT NULL AND revision_id IS NOT NULL AND edition IS NOT NULL AND attempt_id IS NOT NULL AND score IS NOT NULL AND out_of IS NOT NULL AND pass_mark IS NOT NULL)",
            name=op.f("ck_entry_a_module_entry_keeps_its_facts"),
        ),
        sa.CheckConstraint("kind IN ('module', 'own')", name=op.f("ck_entry_kind_known")),
        sa.CheckConstraint("claimed_credits BETWEEN 0 AND credits", name=op.f("ck_entry_claim_at_most_the_credits")),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempt.id"], name=op.f("fk_entry_attempt_id_attempt")),
        sa.ForeignKeyConstraint(["learner_id"], ["account.id"], name=op.f("fk_entry_learner_id_account")),
        sa.ForeignKeyConstraint(["module_id"], ["module.id"], name=op.f("fk_entry_module_id_module")),
        sa.ForeignKeyConstraint(
            ["revision_id"], ["module_revision.id"], name=op.f("fk_entry_revision_id_module_revision")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entry")),
        sa.UniqueConstraint("learner_id", "module_id", "edition", name="one_award_per_edition"),
    )
    op.create_index("ix_entry_learner", "entry", ["learner_id", "learned_on", "id", "claimed_credits"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_entry_learner", table_name="entry")

    op.drop_table("entry")
    op.drop_index(op.f("ix_module_rendering_revision_id"), table_name="module_rendering")

    op.drop_table("module_rendering")
    op.drop_index("ix_attempt_learner_module", table_name="attempt")

    op.drop_table("attempt")
    op.drop_index(op.f("ix_page_rendering_revision_id"), table_name="page_rendering")

    op.drop_table("page_rendering")
    op.drop_index(op.f("ix_monograph_rendering_revision_id"), table_name="monograph_rendering")

    op.drop_table("monograph_rendering")
    op.drop_index("ix_module_specialty_specialty", table_name="module_specialty")

    op.drop_table("module_specialty")
    op.drop_table("module_revision")
    op.drop_table("mention")
    op.drop_index(op.f("ix_session_expires_at"), table_name="session")
    op.drop_index(op.f("ix_session_account_id"), table_name="session")

    op.drop_table("session")
    op.drop_table("page_revision")
    op.drop_table("monograph_revision")
    op.drop_index("ix_module_newest", table_name="module")
    op.drop_index("ix_module_credits", table_name="module")
    op.drop_index("ix_module_category_newest", table_name="module")

    op.drop_table("module")
    op.drop_index(op.f("ix_event_account_id_id"), table_name="event")

    op.drop_table("event")
    op.drop_table("consent")
    op.drop_index(op.f("ix_throttle_updated_at"), table_name="throttle")

    op.drop_table("throttle")
    op.drop_table("specialty")
    op.drop_table("release")
    op.drop_table("picture")
    op.drop_table("page")
    op.drop_index("ix_monograph_letter", table_name="monograph")

    op.drop_table("monograph")
    op.drop_table("former_slug")
    op.drop_table("category")
    op.drop_table("account")
