"""statements of who is in a clip, and what moderators take on

Revision ID: 0017
Revises: 0016
"""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

TEXT = sqlmodel.sql.sqltypes.AutoString
TIME = sqlmodel.sql.sqltypes.UTCDateTime
DEPICTS = ("myself", "agreed", "nobody")
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
    "reported",
    "dismissed",
    "taken_down",
    "withdrawn",
    "linked",
    "unlinked",
    "tipped",
    "hurried",
    "theme_won",
    "split",
    "reinstated",
    "looking",
    "looked",
    "raised",
    "held",
    "unheld",
    "flagged",
    "blocked",
    "unblocked",
    "frames_remembered",
    "frames_forgotten",
    "consented",
    "part_moved",
    "best_of_week",
    "reel_shown",
    "reel_gone",
)
NEW_KINDS = ("stated", "statement_revoked")


def _allow_kinds(*names: str) -> None:
    listed = ", ".join(f"'{name}'" for name in names)
    with op.batch_alter_table("event") as batch_op:
        batch_op.drop_constraint(op.f("ck_event_kind"), type_="check")
        batch_op.create_check_constraint(op.f("ck_event_kind"), f"kind IN ({listed})")


def upgrade() -> None:
    op.create_table(
        "statement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column(
            "depicts",
            sa.Enum(*DEPICTS, name="depicts", native_enum=False, create_constraint=True, length=32),
            nullable=True,
        ),
        sa.Column("sentence", TEXT(), nullable=False),
        sa.Column("at", TIME(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_statement_job_id_job")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_statement_person_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statement")),
    )
    op.create_index(op.f("ix_statement_job_id"), "statement", ["job_id"])
    op.create_table(
        "duty",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("per_hour", sa.Integer(), nullable=True),
        sa.Column("spared", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_duty_person_id_person")
        ),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_duty")),
    )
    _allow_kinds(*KINDS, *NEW_KINDS)


def downgrade() -> None:
    named = ", ".join(f"'{name}'" for name in NEW_KINDS)
    said = f"SELECT id FROM event WHERE kind IN ({named})"  # noqa: S608 - no input
    op.execute(f"DELETE FROM telling WHERE event_id IN ({said})")  # noqa: S608 - no input
    op.execute(f"DELETE FROM event WHERE kind IN ({named})")  # noqa: S608 - no input
    _allow_kinds(*KINDS)
    op.drop_table("duty")
    op.drop_table("statement")
