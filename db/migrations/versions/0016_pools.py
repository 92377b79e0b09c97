"""pools: split by credit and by consent; reviews and renders are booked by the day

Revision ID: 0016
Revises: 0015
"""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

TEXT = sqlmodel.sql.sqltypes.AutoString
TIME = sqlmodel.sql.sqltypes.UTCDateTime


def _to(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{other}")
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=name)


def upgrade() -> None:
    op.create_table(
        "day_earned",
        sa.Column("key", TEXT(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("kind", TEXT(), nullable=False),
        sa.Column("table_version", sa.Integer(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        _to("day_earned", "person_id", "person"),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_day_earned")),
        sa.UniqueConstraint(
            "day",
            "person_id",
            "kind",
            "table_version",
            name=op.f("uq_day_earned_day_person_id_kind_table_version"),
        ),
    )
    op.create_index(op.f("ix_day_earned_person_id"), "day_earned", ["person_id"])
    op.create_table(
        "pool",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unit", TEXT(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("opened_at", TIME(), nullable=False),
        sa.Column("ends_at", TIME(), nullable=False),
        sa.Column("closed_at", TIME(), nullable=True),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pool")),
    )
    op.create_index(op.f("ix_pool_closed_at"), "pool", ["closed_at"])
    op.create_table(
        "pool_share",
        sa.Column("pool_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("claimed_at", TIME(), nullable=True),
        sa.Column("paid_at", TIME(), nullable=True),
        sa.Column("returned_at", TIME(), nullable=True),
        _to("pool_share", "pool_id", "pool"),
        _to("pool_share", "account_id", "account"),
        _to("pool_share", "person_id", "person"),
        sa.PrimaryKeyConstraint("pool_id", "account_id", name=op.f("pk_pool_share")),
    )
    op.create_index(op.f("ix_pool_share_person_id"), "pool_share", ["person_id"])
    op.create_table(
        "pool_consent",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("given", sa.Boolean(), nullable=False),
        sa.Column("at", TIME(), nullable=False),
        _to("pool_consent", "person_id", "person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pool_consent")),
    )
    op.create_index(op.f("ix_pool_consent_person_id"), "pool_consent", ["person_id"])
    with op.batch_alter_table("review") as batch_op:
        batch_op.add_column(
            sa.Column("credited", sa.Boolean(), nullable=False, server_default=sa.false())
        )
    with op.batch_alter_table("review") as batch_op:
        batch_op.alter_column("credited", existing_type=sa.Boolean(), server_default=None)
    # Rounds that were booked before, review by review.
    op.execute(
        "UPDATE review SET credited = true WHERE EXISTS (SELECT 1 FROM ledger "
        "WHERE ledger.job_id = review.job_id AND ledger.kind = 'reviewed' "
        "AND ledger.key LIKE 'reviewed:' || review.job_id || ':' || review.round || ':%')"
    )


def downgrade() -> None:
    """What was earned and waits to be booked is lost, and what pools have booked stays."""
    with op.batch_alter_table("review") as batch_op:
        batch_op.drop_column("credited")
    for table in ("pool_consent", "pool_share", "pool", "day_earned"):
        op.drop_table(table)
