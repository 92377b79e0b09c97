"""rooms in chat: workspaces, replies, reactions, the decision as a message of its own; remixes, reports

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TEXT = sqlmodel.sql.sqltypes.AutoString
TIME = sqlmodel.sql.sqltypes.UTCDateTime
ID, KIND = sa.column("id", sa.Integer()), sa.column("kind", sa.String())
EVENT_ID = sa.column("event_id", sa.Integer())
PURPOSES = ("receipt", "result", "review", "showcase")
DESCENTS = ("vary", "extend", "redraw", "final")
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
)
NEW_KINDS = (
    "remix_allowed",
    "remix_forbidden",
    "reported",
    "dismissed",
    "taken_down",
    "linked",
    "unlinked",
)
BROUGHT = ("jobs", "votes", "reports", "reviews")
REASONS = ("other", "sexual", "gore", "likeness", "copyright", "hate", "spam")


def _allow(table: str, column: str, *names: str) -> None:
    constraint = op.f(f"ck_{table}_{column}")
    with op.batch_alter_table(table) as batch_op:
        batch_op.drop_constraint(constraint, type_="check")
        batch_op.create_check_constraint(constraint, f"{column} IN ({_listed(names)})")


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def upgrade() -> None:
    op.create_table(
        "workspace",
        sa.Column("platform", TEXT(), nullable=False),
        sa.Column("id", TEXT(), nullable=False),
        sa.Column("showcase", TEXT(), nullable=False),
        sa.Column("review", TEXT(), nullable=False),
        sa.Column("moderators", TEXT(), nullable=False),
        sa.Column("quorum", sa.Integer(), nullable=True),
        sa.Column("queued_cap", sa.Integer(), nullable=True),
        sa.Column("ballot_hours", sa.Float(), nullable=True),
        sa.Column("trouble", TEXT(), nullable=False),
        sa.PrimaryKeyConstraint("platform", "id", name=op.f("pk_workspace")),
    )
    op.create_table(
        "reply",
        sa.Column("room", TEXT(), nullable=False),
        sa.Column("place", TEXT(), nullable=False),
        sa.Column("token", TEXT(), nullable=False),
        sa.Column("expires_at", TIME(), nullable=False),
        sa.PrimaryKeyConstraint("room", "place", name=op.f("pk_reply")),
    )
    op.create_index(op.f("ix_reply_expires_at"), "reply", ["expires_at"])
    op.create_table(
        "reaction",
        sa.Column("room", TEXT(), nullable=False),
        sa.Column("message", TEXT(), nullable=False),
        sa.Column("user_id", TEXT(), nullable=False),
        sa.Column("sign", TEXT(), nullable=False),
        sa.Column("asked", TEXT(), nullable=False),
        sa.Column("at", TIME(), nullable=False),
        sa.PrimaryKeyConstraint("room", "message", "user_id", "sign", name=op.f("pk_reaction")),
    )
    op.create_table(
        "note",
        sa.Column("name", TEXT(), nullable=False),
        sa.Column("value", TEXT(), nullable=False),
        sa.Column("at", TIME(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_note")),
    )
    op.create_table(
        "install",
        sa.Column("team", TEXT(), nullable=False),
        sa.Column("name", TEXT(), nullable=False),
        sa.Column("token", TEXT(), nullable=False),
        sa.Column("bot_user", TEXT(), nullable=False),
        sa.Column("scopes", TEXT(), nullable=False),
        sa.Column("app_id", TEXT(), nullable=False),
        sa.Column("at", TIME(), nullable=False),
        sa.PrimaryKeyConstraint("team", name=op.f("pk_install")),
    )
    op.create_table(
        "report",
        sa.Column("job_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column(
            "reason",
            sa.Enum(*REASONS, name="reason", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("sentence", TEXT(), nullable=False),
        sa.Column("at", TIME(), nullable=False),
        sa.Column("settled_at", TIME(), nullable=True),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_report_job_id_job")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_report_person_id_person")
        ),
        sa.PrimaryKeyConstraint("job_id", "person_id", name=op.f("pk_report")),
    )
    op.create_table(
        "link",
        sa.Column("second_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("code", TEXT(), nullable=False),
        sa.Column("at", TIME(), nullable=False),
        *(sa.Column(name, sa.JSON(), nullable=False) for name in BROUGHT),
        sa.ForeignKeyConstraint(
            ["second_id"], ["person.id"], name=op.f("fk_link_second_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_link_person_id_person")
        ),
        sa.PrimaryKeyConstraint("second_id", name=op.f("pk_link")),
        sa.UniqueConstraint("person_id", name=op.f("uq_link_person_id")),
    )
    op.create_table(
        "code",
        sa.Column("code", TEXT(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("expires_at", TIME(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_code_person_id_person")
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_code")),
        sa.UniqueConstraint("person_id", name=op.f("uq_code_person_id")),
    )
    op.create_index(op.f("ix_code_expires_at"), "code", ["expires_at"])
    op.create_table(
        "guess",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("code", TEXT(), nullable=False),
        sa.Column("at", TIME(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_guess_person_id_person")
        ),
        sa.PrimaryKeyConstraint("person_id", "code", name=op.f("pk_guess")),
    )
    op.create_index(op.f("ix_guess_at"), "guess", ["at"])
    with op.batch_alter_table("identity") as batch_op:
        batch_op.add_column(sa.Column("own_id", sa.Integer(), nullable=True))
    op.execute("UPDATE identity SET own_id = person_id")
    with op.batch_alter_table("identity") as batch_op:
        batch_op.alter_column("own_id", existing_type=sa.Integer(), nullable=False)
        batch_op.create_foreign_key(op.f("fk_identity_own_id_person"), "person", ["own_id"], ["id"])
    with op.batch_alter_table("job") as batch_op:
        batch_op.add_column(sa.Column("workspace", TEXT(), nullable=False, server_default=""))
        batch_op.add_column(
            sa.Column("remix", sa.Boolean(), nullable=False, server_default=sa.false())
        )
    with op.batch_alter_table("job") as batch_op:
        batch_op.alter_column("workspace", existing_type=TEXT(), server_default=None)
        batch_op.alter_column("remix", existing_type=sa.Boolean(), server_default=None)
    _allow("job", "descent", *DESCENTS, "remix")
    _allow("event", "kind", *KINDS, *NEW_KINDS)
    _allow("post", "purpose", *PURPOSES, "decision")


def downgrade() -> None:
    op.execute("DELETE FROM post WHERE purpose = 'decision'")
    op.execute("UPDATE job SET descent = 'redraw' WHERE descent = 'remix'")
    event, telling = sa.table("event", ID, KIND), sa.table("telling", EVENT_ID)
    new = sa.select(ID).select_from(event).where(KIND.in_(NEW_KINDS))
    op.execute(sa.delete(telling).where(EVENT_ID.in_(new)))
    op.execute(sa.delete(event).where(KIND.in_(NEW_KINDS)))
    _allow("post", "purpose", *PURPOSES)
    _allow("event", "kind", *KINDS)
    _allow("job", "descent", *DESCENTS)
    with op.batch_alter_table("job") as batch_op:
        batch_op.drop_column("workspace")
        batch_op.drop_column("remix")
    with op.batch_alter_table("identity") as batch_op:
        batch_op.drop_constraint(op.f("fk_identity_own_id_person"), type_="foreignkey")
        batch_op.drop_column("own_id")
    for table in (
        "link",
        "code",
        "guess",
        "report",
        "install",
        "note",
        "reaction",
        "reply",
        "workspace",
    ):
        op.drop_table(table)
