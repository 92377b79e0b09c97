"""fair review: who decides alone, splits, notices, looks, room in review, reinstatement

Revision ID: 0010
Revises: 0009
"""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TIME = sqlmodel.sql.sqltypes.UTCDateTime
ID, KIND = sa.column("id", sa.Integer()), sa.column("kind", sa.String())
EVENT_ID = sa.column("event_id", sa.Integer())
PURPOSES = ("receipt", "result", "review", "showcase", "decision")
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
    "theme_won",
)
NEW_KINDS = ("split", "reinstated", "looking", "looked", "raised", "held", "unheld")
OF_JOBS: dict[str, sa.Boolean | sa.Integer] = {
    "split": sa.Boolean(),
    "raised": sa.Integer(),
    "held": sa.Boolean(),
}


def _allow(table: str, column: str, *names: str) -> None:
    constraint = op.f(f"ck_{table}_{column}")
    listed = ", ".join(f"'{name}'" for name in names)
    with op.batch_alter_table(table) as batch_op:
        batch_op.drop_constraint(constraint, type_="check")
        batch_op.create_check_constraint(constraint, f"{column} IN ({listed})")


def upgrade() -> None:
    op.create_table(
        "look",
        sa.Column("job_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("until", TIME(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_look_job_id_job")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_look_person_id_person")
        ),
        sa.PrimaryKeyConstraint("job_id", "person_id", name=op.f("pk_look")),
    )
    op.create_index(op.f("ix_look_until"), "look", ["until"])
    with op.batch_alter_table("workspace") as batch_op:
        batch_op.add_column(sa.Column("newcomer_publications", sa.Integer(), nullable=True))
    with op.batch_alter_table("review") as batch_op:
        batch_op.add_column(
            sa.Column("alone", sa.Boolean(), nullable=False, server_default=sa.false())
        )
    with op.batch_alter_table("review") as batch_op:
        batch_op.alter_column("alone", existing_type=sa.Boolean(), server_default=None)
    with op.batch_alter_table("job") as batch_op:
        for name, kind in OF_JOBS.items():
            nothing = sa.text("0") if isinstance(kind, sa.Integer) else sa.false()
            batch_op.add_column(sa.Column(name, kind, nullable=False, server_default=nothing))
        batch_op.add_column(sa.Column("status_since", TIME(), nullable=True))
    op.execute(
        "UPDATE job SET status_since = "
        "coalesce((SELECT max(event.at) FROM event WHERE event.job_id = job.id), created_at)"
    )
    with op.batch_alter_table("job") as batch_op:
        for name, kind in OF_JOBS.items():
            batch_op.alter_column(name, existing_type=kind, server_default=None)
        batch_op.alter_column("status_since", existing_type=TIME(), nullable=False)
    _allow("event", "kind", *KINDS, *NEW_KINDS)
    _allow("post", "purpose", *PURPOSES, "notice")


def downgrade() -> None:
    op.execute("DELETE FROM post WHERE purpose = 'notice'")
    op.execute("UPDATE event SET kind = 'overturned' WHERE kind = 'reinstated'")
    event, telling = sa.table("event", ID, KIND), sa.table("telling", EVENT_ID)
    new = sa.select(ID).select_from(event).where(KIND.in_(NEW_KINDS))
    op.execute(sa.delete(telling).where(EVENT_ID.in_(new)))
    op.execute(sa.delete(event).where(KIND.in_(NEW_KINDS)))
    _allow("post", "purpose", *PURPOSES)
    _allow("event", "kind", *KINDS)
    with op.batch_alter_table("job") as batch_op:
        for name in (*OF_JOBS, "status_since"):
            batch_op.drop_column(name)
    with op.batch_alter_table("review") as batch_op:
        batch_op.drop_column("alone")
    with op.batch_alter_table("workspace") as batch_op:
        batch_op.drop_column("newcomer_publications")
    op.drop_table("look")
