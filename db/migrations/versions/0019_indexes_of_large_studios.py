"""indexes by which a studio of millions finds what it looks for

Revision ID: 0019
Revises: 0017
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0017"
branch_labels = None
depends_on = None

OPEN = sa.text("winner IS NULL")


def upgrade() -> None:
    _ballots("status", "ballot_closes_at")
    op.create_index("ix_post_job_id_room", "post", ["job_id", "room"])
    op.drop_index("ix_post_job_id", "post")


def downgrade() -> None:
    op.create_index("ix_post_job_id", "post", ["job_id"])
    op.drop_index("ix_post_job_id_room", "post")
    _ballots("ballot_closes_at")


def _ballots(*columns: str) -> None:
    op.drop_index("ix_job_open_ballot", "job")
    op.create_index("ix_job_open_ballot", "job", columns, sqlite_where=OPEN, postgresql_where=OPEN)
