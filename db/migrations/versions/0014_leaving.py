"""leaving: who asked to be forgotten, and when nothing of them was left

Revision ID: 0014
Revises: 0013
"""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

TIME = sqlmodel.sql.sqltypes.UTCDateTime


def upgrade() -> None:
    with op.batch_alter_table("person") as batch_op:
        batch_op.add_column(sa.Column("leaving_at", TIME(), nullable=True))
        batch_op.add_column(sa.Column("left_at", TIME(), nullable=True))
        batch_op.create_index(op.f("ix_person_leaving_at"), ["leaving_at"])


def downgrade() -> None:
    with op.batch_alter_table("person") as batch_op:
        batch_op.drop_index(op.f("ix_person_leaving_at"))
        batch_op.drop_column("left_at")
        batch_op.drop_column("leaving_at")
