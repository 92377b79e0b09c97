"""renders that came to nothing by a lent worker's doing

Revision ID: 0029
Revises: 0028
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("lentrender") as table:
        table.add_column(
            sa.Column("failed", sa.Boolean(), nullable=False, server_default=sa.false())
        )
    with op.batch_alter_table("lentrender") as table:  # by itself: the rows that are there need it
        table.alter_column("failed", existing_type=sa.Boolean(), server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("lentrender") as table:
        table.drop_column("failed")
