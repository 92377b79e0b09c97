"""which model a worker has loaded, and what its models take

Revision ID: 0027
Revises: 0026
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

NEW: dict[str, dict[str, tuple[Any, str]]] = {
    "worker": {
        "loaded": (sa.String(), "''"),
        "loads": (sa.Integer(), "0"),
        "busy": (sa.Float(), "0"),
        "measured": (sa.JSON(), "'{}'"),
    },
    "job": {"load_seconds": (sa.Float(), "0")},
}


def upgrade() -> None:
    for table, columns in NEW.items():
        with op.batch_alter_table(table) as batch_op:
            for name, (kind, nothing) in columns.items():
                default = sa.text(nothing)
                batch_op.add_column(sa.Column(name, kind, nullable=False, server_default=default))
        with op.batch_alter_table(table) as batch_op:  # by itself: the rows that are there need it
            for name, (kind, _) in columns.items():
                batch_op.alter_column(name, existing_type=kind, server_default=None)
    op.add_column("worker", sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("worker", "loaded_at")
    for table, columns in NEW.items():
        with op.batch_alter_table(table) as batch_op:
            for name in columns:
                batch_op.drop_column(name)
