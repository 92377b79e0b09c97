"""jobs that are rendered when the workers have nothing else to do

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

KINDS = (
    "submitted",
    "claimed",
    "requeued",
    "finished",
    "failed",
    "retried",
    "cancelled",
    "sent_to_review",
    "kept",
    "reviewed",
    "review_taken_back",
    "approved",
    "rejected",
    "appealed",
    "overturned",
    "upheld",
    "voted",
    "vote_taken_back",
    "ballot_closed",
    "withdrawn",
    "remix_allowed",
    "remix_forbidden",
    "reported",
    "dismissed",
    "taken_down",
    "linked",
    "unlinked",
    "tipped",
)


def _allow(*kinds: str) -> None:
    constraint = op.f("ck_event_kind")
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    with op.batch_alter_table("event") as batch_op:
        batch_op.drop_constraint(constraint, type_="check")
        batch_op.create_check_constraint(constraint, f"kind IN ({listed})")


def upgrade() -> None:
    _allow(*KINDS, "hurried")
    with op.batch_alter_table("job") as batch_op:
        idle: sa.Column[bool] = sa.Column(
            "idle", sa.Boolean(), nullable=False, server_default=sa.false()
        )
        batch_op.add_column(idle)
    with op.batch_alter_table("job") as batch_op:
        batch_op.alter_column("idle", server_default=None)


def downgrade() -> None:
    event = sa.table("event", sa.column("id"), sa.column("kind"))
    telling = sa.table("telling", sa.column("event_id"))
    hurried = sa.select(event.c.id).where(event.c.kind == "hurried")
    op.execute(telling.delete().where(telling.c.event_id.in_(hurried)))
    op.execute(event.delete().where(event.c.kind == "hurried"))
    _allow(*KINDS)
    with op.batch_alter_table("job") as batch_op:
        batch_op.drop_column("idle")
