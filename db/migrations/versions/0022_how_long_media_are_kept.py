"""until when the clips of a job are kept

Revision ID: 0022
Revises: 0021
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("kept_until", "let_go_at"):
        op.add_column("job", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_job_kept_until", "job", ["kept_until"])


def downgrade() -> None:
    op.drop_index("ix_job_kept_until", "job")
    for name in ("let_go_at", "kept_until"):
        op.drop_column("job", name)
