"""What the pages of long monographs leave out of their sections, and mentions in the order in which they are listed."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "monograph_rest",
        sa.Column("rendering_id", sa.Integer(), nullable=False),
        sa.Column("section", sa.String(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("html", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["rendering_id"],
            ["monograph_rendering.id"],
            name=op.f("fk_monograph_rest_rendering_id_monograph_rendering"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("rendering_id", "section", "part", name=op.f("pk_monograph_rest")),
    )
    op.create_index("ix_mention_listed", "mention", ["monograph_slug", "title", "module_id"])


def downgrade() -> None:
    op.drop_index("ix_mention_listed", table_name="mention")
    op.drop_table("monograph_rest")
