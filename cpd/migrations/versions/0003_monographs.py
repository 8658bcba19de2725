"""Terms that monographs are listed by, learners' lists and notes, and what can be searched."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "term",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind IN ('class', 'indication', 'company')", name=op.f("ck_term_kind_known")),
        sa.PrimaryKeyConstraint("kind", "slug", name=op.f("pk_term")),
    )
    op.create_table(
        "monograph_term",
        sa.Column("monograph_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("sort_name", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["monograph_id"], ["monograph.id"], name=op.f("fk_monograph_term_monograph_id_monograph")
        ),
        sa.PrimaryKeyConstraint("monograph_id", "kind", "slug", name=op.f("pk_monograph_term")),
    )
    op.create_index("ix_monograph_term_listed", "monograph_term", ["kind", "slug", "sort_name", "monograph_id"])
    op.create_table(
        "list_item",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("learner_id", sa.Integer(), nullable=False),
        sa.Column("monograph_id", sa.Integer(), nullable=False),
        sa.Column("indication", sa.String(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["learner_id"], ["account.id"], name=op.f("fk_list_item_learner_id_account")),
        sa.ForeignKeyConstraint(["monograph_id"], ["monograph.id"], name=op.f("fk_list_item_monograph_id_monograph")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_list_item")),
        sa.UniqueConstraint("learner_id", "monograph_id", "indication", name="once_on_a_list"),
    )
    op.create_index("ix_list_item_learner", "list_item", ["learner_id", "place", "id"])
    op.create_table(
        "note",
        sa.Column("learner_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('module', 'monograph')", name=op.f("ck_note_kind_known")),
        sa.CheckConstraint("length(text) <= 10000", name=op.f("ck_note_text_at_most_10000")),
        sa.ForeignKeyConstraint(["learner_id"], ["account.id"], name=op.f("fk_note_learner_id_account")),
        sa.PrimaryKeyConstraint("learner_id", "kind", "document_id", name=op.f("pk_note")),
    )
    op.create_table(
        "search_document",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("release", sa.Integer(), nullable=False),
        sa.Column("gone", sa.Boolean(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("facets", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "slug", name=op.f("pk_search_document")),
    )
    op.create_index("ix_search_document_release", "search_document", ["release", "kind", "slug"])


def downgrade() -> None:
    op.drop_index("ix_search_document_release", table_name="search_document")
    op.drop_table("search_document")
    op.drop_table("note")
    op.drop_index("ix_list_item_learner", table_name="list_item")
    op.drop_table("list_item")
    op.drop_index("ix_monograph_term_listed", table_name="monograph_term")
    op.drop_table("monograph_term")
    op.drop_table("term")
