"""how many deliveries of a lent worker were made again and found the same

Revision ID: 0030
Revises: 0028
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("lenderkey") as table:
        table.add_column(sa.Column("compared", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("lenderkey") as table:  # by itself: the rows that are there need it
        table.alter_column("compared", existing_type=sa.Integer(), server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("lenderkey") as table:
        table.drop_column("compared")
