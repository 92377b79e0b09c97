"""until when a card may look otherwise than its row says

Revision ID: 0031
Revises: 0030
"""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    time = sqlmodel.sql.sqltypes.UTCDateTime()
    with op.batch_alter_table("post") as table:
        table.add_column(sa.Column("doubtful_until", time, nullable=True))
        table.create_index(
            "ix_post_doubtful",
            ["room", "doubtful_until"],
            sqlite_where=sa.text("doubtful_until IS NOT NULL"),
            postgresql_where=sa.text("doubtful_until IS NOT NULL"),
        )
    # What somebody was killed over so far is told by its missing look alone.
    op.execute(
        "UPDATE post SET doubtful_until = painted_at"
        " WHERE digest = '' AND message <> '' AND removed_at IS NULL"
    )


def downgrade() -> None:
    with op.batch_alter_table("post") as table:
        table.drop_index("ix_post_doubtful")
        table.drop_column("doubtful_until")
