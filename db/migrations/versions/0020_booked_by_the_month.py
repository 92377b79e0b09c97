"""what people's credit grew by in each month

Revision ID: 0020
Revises: 0019
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "month_booked",
        sa.Column("month", sa.String(), primary_key=True),
        sa.Column("kind", sa.String(), primary_key=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
    )
    months = {
        "postgresql": "to_char(ledger.at AT TIME ZONE 'UTC', 'YYYY-MM')",
        "sqlite": "substr(ledger.at, 1, 7)",  # stored as text, in UTC
    }
    month = months[op.get_bind().dialect.name]
    op.execute(
        f"""
        INSERT INTO month_booked (month, kind, amount)
        SELECT {month}, ledger.kind, sum(posting.amount)
        FROM ledger
        JOIN posting ON posting.transaction_id = ledger.id
        JOIN account ON account.id = posting.account_id
        WHERE NOT account.own AND account.unit = 'credit'
        GROUP BY 1, 2
        HAVING sum(posting.amount) <> 0
        """  # noqa: S608  # nobody's input
    )


def downgrade() -> None:
    op.drop_table("month_booked")
