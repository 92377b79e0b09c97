"""what a worker says of its graphics cards, and an index of what could not be told

Revision ID: 0023
Revises: 0022
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

ASIDE = sa.text("told_at IS NULL AND set_aside_at IS NOT NULL")


def upgrade() -> None:
    with op.batch_alter_table("worker") as worker:
        worker.add_column(sa.Column("cards", sa.JSON(), nullable=False, server_default="[]"))
    op.create_index(
        "ix_telling_set_aside", "telling", ["room"], sqlite_where=ASIDE, postgresql_where=ASIDE
    )


def downgrade() -> None:
    op.drop_index("ix_telling_set_aside", "telling")
    with op.batch_alter_table("worker") as worker:
        worker.drop_column("cards")
