"""the screen: its hits, the hashes of frames, and those that are known again

Revision ID: 0011
Revises: 0010
"""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TEXT = sqlmodel.sql.sqltypes.AutoString
TIME = sqlmodel.sql.sqltypes.UTCDateTime
ID, KIND = sa.column("id", sa.Integer()), sa.column("kind", sa.String())
EVENT_ID = sa.column("event_id", sa.Integer())
KINDS = (
    "submitted", "claimed", "requeued", "finished", "failed", "retried", "cancelled",
    "sent_to_review", "kept", "reviewed", "review_taken_back", "approved", "rejected", "appealed",
    "overturned", "upheld", "voted", "vote_taken_back", "ballot_closed", "remix_allowed",
    "remix_forbidden", "reported", "dismissed", "taken_down", "withdrawn", "linked", "unlinked",
    "tipped", "hurried", "theme_won", "split", "reinstated", "looking", "looked", "raised", "held",
    "unheld",
)  # fmt: skip
NEW_KINDS = ("flagged", "blocked", "unblocked", "frames_remembered", "frames_forgotten")
NOTHING = {"hashes": "[]", "marks": "{}"}


def _allow(*kinds: str) -> None:
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    with op.batch_alter_table("event") as batch_op:
        batch_op.drop_constraint(op.f("ck_event_kind"), type_="check")
        batch_op.create_check_constraint(op.f("ck_event_kind"), f"kind IN ({listed})")


def upgrade() -> None:
    op.create_table(
        "hit",
        sa.Column("job_id", sa.Integer(), nullable=False),
        sa.Column("rule", TEXT(), nullable=False),
        sa.Column("clip", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("hard", sa.Boolean(), nullable=False),
        sa.Column("words", sa.JSON(), nullable=False),
        sa.Column("at", TIME(), nullable=False),
        sa.Column("overturned_at", TIME(), nullable=True),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_hit_job_id_job")),
        sa.PrimaryKeyConstraint("job_id", "rule", "clip", name=op.f("pk_hit")),
    )
    op.create_index("ix_hit_at", "hit", ["at"])
    op.create_table(
        "knownframe",
        sa.Column("job_id", sa.Integer(), nullable=False),
        sa.Column("clip", sa.Integer(), nullable=False),
        sa.Column("hash", TEXT(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("at", TIME(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_knownframe_job_id_job")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_knownframe_person_id_person")
        ),
        sa.PrimaryKeyConstraint("job_id", "clip", "hash", name=op.f("pk_knownframe")),
    )
    with op.batch_alter_table("clip") as batch_op:
        for name, nothing in NOTHING.items():
            batch_op.add_column(sa.Column(name, sa.JSON(), nullable=False, server_default=nothing))
        # What was made before has no hashes to look at.
        batch_op.add_column(
            sa.Column("screened", sa.Boolean(), nullable=False, server_default=sa.true())
        )
    with op.batch_alter_table("clip") as batch_op:
        for name in NOTHING:
            batch_op.alter_column(name, existing_type=sa.JSON(), server_default=None)
        batch_op.alter_column("screened", existing_type=sa.Boolean(), server_default=None)
    op.create_index(
        "ix_clip_unscreened",
        "clip",
        ["job_id"],
        sqlite_where=sa.text("screened = 0"),
        postgresql_where=sa.text("NOT screened"),
    )
    _allow(*KINDS, *NEW_KINDS)


def downgrade() -> None:
    # What was blocked comes to nothing, as what was cancelled does.
    op.execute("UPDATE job SET status = 'cancelled' WHERE status = 'blocked'")
    event, telling = sa.table("event", ID, KIND), sa.table("telling", EVENT_ID)
    new = sa.select(ID).select_from(event).where(KIND.in_(NEW_KINDS))
    op.execute(sa.delete(telling).where(EVENT_ID.in_(new)))
    op.execute(sa.delete(event).where(KIND.in_(NEW_KINDS)))
    _allow(*KINDS)
    op.drop_index("ix_clip_unscreened", "clip")
    with op.batch_alter_table("clip") as batch_op:
        for name in (*NOTHING, "screened"):
            batch_op.drop_column(name)
    op.drop_table("knownframe")
    op.drop_table("hit")
