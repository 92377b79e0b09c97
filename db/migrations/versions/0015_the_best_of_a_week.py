"""the best of a week, and the reel that shows it

Revision ID: 0015
Revises: 0014
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

TASKS = ("text", "image", "frames", "extend", "video", "loop", "film", "glimpse")
NEW_TASKS = ("reel",)
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
)
NEW_KINDS = ("best_of_week", "reel_shown", "reel_gone")


def _allow(table: str, column: str, *names: str) -> None:
    constraint = op.f(f"ck_{table}_{column}")
    listed = ", ".join(f"'{name}'" for name in names)
    with op.batch_alter_table(table) as batch_op:
        batch_op.drop_constraint(constraint, type_="check")
        batch_op.create_check_constraint(constraint, f"{column} IN ({listed})")


def _to_job(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], ["job.id"], name=op.f(f"fk_{table}_{column}_job"))


def upgrade() -> None:
    op.create_table(
        "week",
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("reel_id", sa.Integer(), nullable=True),
        _to_job("week", "reel_id"),
        sa.PrimaryKeyConstraint("year", "number", name=op.f("pk_week")),
    )
    op.create_table(
        "best",
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.Integer(), nullable=False),
        sa.Column("clip", sa.Integer(), nullable=False),
        sa.Column("votes", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["year", "number"], ["week.year", "week.number"], name=op.f("fk_best_year_number_week")
        ),
        _to_job("best", "job_id"),
        sa.PrimaryKeyConstraint("year", "number", "position", name=op.f("pk_best")),
    )
    op.create_index(op.f("ix_best_job_id"), "best", ["job_id"])
    op.create_index(
        "ix_job_won_ballot",
        "job",
        ["ballot_closes_at"],
        sqlite_where=sa.text("winner > 0"),
        postgresql_where=sa.text("winner > 0"),
    )
    with op.batch_alter_table("part") as batch_op:
        batch_op.add_column(
            sa.Column("named", sa.Boolean(), nullable=False, server_default=sa.true())
        )
    with op.batch_alter_table("part") as batch_op:
        batch_op.alter_column("named", existing_type=sa.Boolean(), server_default=None)
    _allow("job", "task", *TASKS, *NEW_TASKS)
    _allow("event", "kind", *KINDS, *NEW_KINDS)


def downgrade() -> None:
    for table in ("best", "week"):
        op.drop_table(table)
    op.drop_index("ix_job_won_ballot", "job")
    # A reel's row stays, for the record names it; nobody sees it any more, and its key is free for the
    # one that is made when the week is drawn again.
    op.execute(
        "UPDATE job SET task = 'film', status = 'withdrawn', request_key = 'gone:' || id "
        "WHERE task = 'reel'"
    )
    new = ", ".join(f"'{kind}'" for kind in NEW_KINDS)
    told = f"SELECT id FROM event WHERE kind IN ({new})"  # noqa: S608 - no input
    op.execute(f"DELETE FROM telling WHERE event_id IN ({told})")  # noqa: S608 - no input
    op.execute(f"DELETE FROM event WHERE kind IN ({new})")  # noqa: S608 - no input
    _allow("event", "kind", *KINDS)
    _allow("job", "task", *TASKS)
    with op.batch_alter_table("part") as batch_op:
        batch_op.drop_column("named")
