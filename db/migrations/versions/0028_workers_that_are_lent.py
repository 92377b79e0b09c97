"""workers that somebody lends: their keys, and what is in their hands

Revision ID: 0028
Revises: 0027
"""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

TIME = sqlmodel.sql.sqltypes.UTCDateTime
BEFORE = {"lent": sa.false(), "inputs": sa.true()}


def upgrade() -> None:
    op.create_table(
        "lenderkey",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("secret", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("models", sa.JSON(), nullable=False),
        sa.Column("inputs", sa.Boolean(), nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("seen_at", TIME, nullable=True),
        sa.Column("revoked_at", TIME, nullable=True),
        sa.Column("suspended", sa.String(), nullable=False),
        sa.Column("session", sa.String(), nullable=False),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("strikes", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_lenderkey"),
    )
    op.create_table(
        "lentrender",
        sa.Column("job_id", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.Column("delivered_at", TIME, nullable=True),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("energy_wh", sa.Float(), nullable=False),
        sa.Column("checker", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name="fk_lentrender_job_id_job"),
        sa.ForeignKeyConstraint(["key"], ["lenderkey.name"], name="fk_lentrender_key_lenderkey"),
        sa.PrimaryKeyConstraint("job_id", "attempt", name="pk_lentrender"),
    )
    op.create_index("ix_lentrender_key", "lentrender", ["key"])
    op.create_index("ix_lentrender_delivered_at", "lentrender", ["delivered_at"])
    with op.batch_alter_table("worker") as table:
        for name, before in BEFORE.items():
            table.add_column(sa.Column(name, sa.Boolean(), nullable=False, server_default=before))
    with op.batch_alter_table("worker") as table:  # by itself: the rows that are there need it
        for name in BEFORE:
            table.alter_column(name, existing_type=sa.Boolean(), server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("worker") as table:
        for name in BEFORE:
            table.drop_column(name)
    op.drop_table("lentrender")
    op.drop_table("lenderkey")
