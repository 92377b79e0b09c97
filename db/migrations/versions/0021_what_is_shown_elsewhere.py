"""since when clips are shown, and the order in which a feed shows them

Revision ID: 0021
Revises: 0020
"""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "clip", sa.Column("shown_since", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True)
    )
    op.execute(
        "UPDATE clip SET shown_since = "
        "(SELECT coalesce(published_at, status_since) FROM job WHERE job.id = clip.job_id) WHERE shown"
    )
    op.create_index(
        "ix_clip_outside",
        "clip",
        ["shown_since", "job_id", "number"],
        sqlite_where=sa.text("shown = 1 AND elsewhere = 1"),
        postgresql_where=sa.text("shown AND elsewhere"),
    )


def downgrade() -> None:
    op.drop_index("ix_clip_outside", "clip")
    with op.batch_alter_table("clip") as batch_op:
        batch_op.drop_column("shown_since")
