"""films: clips put together to one, the chains that grow into one, and who has a seat in them

Revision ID: 0013
Revises: 0012
"""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

TEXT = sqlmodel.sql.sqltypes.AutoString
TIME = sqlmodel.sql.sqltypes.UTCDateTime
TASKS = ("text", "image", "frames", "extend", "video", "loop")
NEW_TASKS = ("film", "glimpse")
TURNS = ("waits", "now", "made", "passed")
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
)
NEW_KINDS = ("part_moved",)


def _allow(table: str, column: str, *names: str) -> None:
    constraint = op.f(f"ck_{table}_{column}")
    listed = ", ".join(f"'{name}'" for name in names)
    with op.batch_alter_table(table) as batch_op:
        batch_op.drop_constraint(constraint, type_="check")
        batch_op.create_check_constraint(constraint, f"{column} IN ({listed})")


def _to(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{other}")
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=name)


def upgrade() -> None:
    op.create_table(
        "part",
        sa.Column("film_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.Integer(), nullable=False),
        sa.Column("clip", sa.Integer(), nullable=False),
        sa.Column("is_shot", sa.Boolean(), nullable=False),
        _to("part", "film_id", "job"),
        _to("part", "job_id", "job"),
        sa.PrimaryKeyConstraint("film_id", "position", name=op.f("pk_part")),
    )
    op.create_index(op.f("ix_part_job_id"), "part", ["job_id"])
    op.create_table(
        "chain",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("theme", TEXT(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("room", TEXT(), nullable=False),
        sa.Column("workspace", TEXT(), nullable=False),
        sa.Column("place", TEXT(), nullable=False),
        sa.Column("turn_seconds", sa.Integer(), nullable=False),
        sa.Column("created_at", TIME(), nullable=False),
        sa.Column("closed_at", TIME(), nullable=True),
        sa.Column("film_id", sa.Integer(), nullable=True),
        _to("chain", "person_id", "person"),
        _to("chain", "film_id", "job"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chain")),
    )
    op.create_index(op.f("ix_chain_person_id"), "chain", ["person_id"])
    op.create_index(op.f("ix_chain_closed_at"), "chain", ["closed_at"])
    op.create_table(
        "seat",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("chain_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("room", TEXT(), nullable=False),
        sa.Column("workspace", TEXT(), nullable=False),
        sa.Column("place", TEXT(), nullable=False),
        sa.Column(
            "turn",
            sa.Enum(*TURNS, name="turn", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("turn_ends_at", TIME(), nullable=True),
        sa.Column("glimpse_id", sa.Integer(), nullable=True),
        sa.Column("job_id", sa.Integer(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=True),
        _to("seat", "chain_id", "chain"),
        _to("seat", "person_id", "person"),
        _to("seat", "glimpse_id", "job"),
        _to("seat", "job_id", "job"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seat")),
    )
    for column in ("chain_id", "person_id", "glimpse_id", "job_id", "turn_ends_at"):
        op.create_index(op.f(f"ix_seat_{column}"), "seat", [column])
    op.create_index(
        "uq_seat_turn",
        "seat",
        ["chain_id"],
        unique=True,
        sqlite_where=sa.text("turn = 'now'"),
        postgresql_where=sa.text("turn = 'now'"),
    )
    _allow("job", "task", *TASKS, *NEW_TASKS)
    _allow("event", "kind", *KINDS, *NEW_KINDS)


def downgrade() -> None:
    for table in ("seat", "chain", "part"):
        op.drop_table(table)
    made = "SELECT id FROM job WHERE task IN ('film', 'glimpse')"
    # What went on from a glimpse went on from the clip that it was the end of.
    op.execute(
        "UPDATE job SET source_id = parent_id, source_clip = parent_clip "  # noqa: S608 - no input
        f"WHERE source_id IN ({made})"
    )
    for table in ("consent", "clip"):
        op.execute(f"DELETE FROM {table} WHERE job_id IN ({made})")  # noqa: S608 - no input
    # The rows themselves stay: books and votes name them.
    op.execute(
        "UPDATE job SET task = 'text', status = 'withdrawn' WHERE task IN ('film', 'glimpse')"
    )
    moved = "SELECT id FROM event WHERE kind = 'part_moved'"
    op.execute(f"DELETE FROM telling WHERE event_id IN ({moved})")  # noqa: S608 - no input
    op.execute("DELETE FROM event WHERE kind = 'part_moved'")
    _allow("event", "kind", *KINDS)
    _allow("job", "task", *TASKS)
