"""themes

Revision ID: 0008
Revises: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TEXT = sqlmodel.sql.sqltypes.AutoString
TIME = sqlmodel.sql.sqltypes.UTCDateTime
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
    "hurried",
)


def _allow(*kinds: str) -> None:
    constraint = op.f("ck_event_kind")
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    with op.batch_alter_table("event") as batch_op:
        batch_op.drop_constraint(constraint, type_="check")
        batch_op.create_check_constraint(constraint, f"kind IN ({listed})")


def upgrade() -> None:
    _allow(*KINDS, "theme_won")
    op.create_table(
        "theme",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("title", TEXT(), nullable=False),
        sa.Column("word", TEXT(), nullable=False),
        sa.Column("host_id", sa.Integer(), nullable=False),
        sa.Column("pool", sa.Integer(), nullable=False),
        sa.Column("starts_at", TIME(), nullable=False),
        sa.Column("ends_at", TIME(), nullable=False),
        sa.Column("closed_at", TIME(), nullable=True),
        sa.Column("winner_job", sa.Integer(), nullable=True),
        sa.Column("winner_clip", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["host_id"], ["person.id"], name=op.f("fk_theme_host_id_person")),
        sa.ForeignKeyConstraint(["winner_job"], ["job.id"], name=op.f("fk_theme_winner_job_job")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_theme")),
    )
    for column in ("closed_at", "winner_job"):
        op.create_index(op.f(f"ix_theme_{column}"), "theme", [column])


def downgrade() -> None:
    op.drop_table("theme")
    event = sa.table("event", sa.column("id"), sa.column("kind"))
    telling = sa.table("telling", sa.column("event_id"))
    won = sa.select(event.c.id).where(event.c.kind == "theme_won")
    op.execute(telling.delete().where(telling.c.event_id.in_(won)))
    op.execute(event.delete().where(event.c.kind == "theme_won"))
    _allow(*KINDS)
