"""what a job is counted for while there are limits, and how they find what was asked for lately

Revision ID: 0025
Revises: 0024
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

NOTHING: dict[str, tuple[Any, str]] = {
    "channel": (sa.String(), "''"),
    "reserved_seconds": (sa.Float(), "0"),
    "spent_seconds": (sa.Float(), "0"),
    "at_once": (sa.JSON(), "'{}'"),
    "nearly": (sa.JSON(), "'{}'"),
}


def upgrade() -> None:
    with op.batch_alter_table("job") as batch_op:
        for name, (kind, nothing) in NOTHING.items():
            default = sa.text(nothing)
            batch_op.add_column(sa.Column(name, kind, nullable=False, server_default=default))
    with op.batch_alter_table("job") as batch_op:
        for name, (kind, _) in NOTHING.items():
            batch_op.alter_column(name, existing_type=kind, server_default=None)
        batch_op.create_index("ix_job_person_id_queued_at", ["person_id", "queued_at"])
        batch_op.create_index("ix_job_channel_queued_at", ["channel", "queued_at"])
        batch_op.create_index("ix_job_queued_at", ["queued_at"])


def downgrade() -> None:
    with op.batch_alter_table("job") as batch_op:
        batch_op.drop_index("ix_job_queued_at")
        batch_op.drop_index("ix_job_channel_queued_at")
        batch_op.drop_index("ix_job_person_id_queued_at")
        for name in NOTHING:
            batch_op.drop_column(name)
