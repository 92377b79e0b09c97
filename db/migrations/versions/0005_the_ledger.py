"""the ledger of credit, which the database itself keeps from being changed; bugs that people report

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TEXT = sqlmodel.sql.sqltypes.AutoString
TIME = sqlmodel.sql.sqltypes.UTCDateTime
CREDITED = (
    "finished",
    "approved",
    "rejected",
    "overturned",
    "upheld",
    "taken_down",
    "ballot_closed",
)
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
)
KEPT = ("ledger", "posting")
SQLITE = """
CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table}
BEGIN SELECT RAISE(ABORT, 'The ledger is append-only.'); END
"""
POSTGRESQL = """
CREATE FUNCTION keep_the_ledger() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'The ledger is append-only.'; END $$
"""
ON_POSTGRESQL = """
CREATE TRIGGER {table}_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION keep_the_ledger()
"""


def _allow(*kinds: str) -> None:
    constraint = op.f("ck_event_kind")
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    with op.batch_alter_table("event") as batch_op:
        batch_op.drop_constraint(constraint, type_="check")
        batch_op.create_check_constraint(constraint, f"kind IN ({listed})")


def upgrade() -> None:
    _allow(*KINDS, "tipped")
    op.create_table(
        "account",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", TEXT(), nullable=False),
        sa.Column("unit", TEXT(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("own", sa.Boolean(), nullable=False),
        sa.Column("balance", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("balance >= 0 OR own", name=op.f("ck_account_no_debts")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_account_person_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("name", "unit", name=op.f("uq_account_name_unit")),
        sa.UniqueConstraint("person_id", "unit", name=op.f("uq_account_person_id_unit")),
    )
    op.create_table(
        "ledger",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", TEXT(), nullable=False),
        sa.Column("kind", TEXT(), nullable=False),
        sa.Column("job_id", sa.Integer(), nullable=True),
        sa.Column("reference", TEXT(), nullable=False),
        sa.Column("table_version", sa.Integer(), nullable=False),
        sa.Column("at", TIME(), nullable=False),
        sa.Column("previous", TEXT(), nullable=False),
        sa.Column("hash", TEXT(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_ledger_job_id_job")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger")),
        sa.UniqueConstraint("key", name=op.f("uq_ledger_key")),
    )
    for column in ("kind", "job_id", "at"):
        op.create_index(op.f(f"ix_ledger_{column}"), "ledger", [column])
    op.create_table(
        "posting",
        sa.Column("transaction_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_posting_not_nothing")),
        sa.ForeignKeyConstraint(
            ["transaction_id"], ["ledger.id"], name=op.f("fk_posting_transaction_id_ledger")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_posting_account_id_account")
        ),
        sa.PrimaryKeyConstraint("transaction_id", "account_id", name=op.f("pk_posting")),
    )
    op.create_index(
        "ix_posting_account_id_transaction_id", "posting", ["account_id", "transaction_id"]
    )
    op.create_table(
        "bug",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "bug",
                "red_team",
                name="bugkind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("text", TEXT(), nullable=False),
        sa.Column("room", TEXT(), nullable=False),
        sa.Column("workspace", TEXT(), nullable=False),
        sa.Column("at", TIME(), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=True),
        sa.Column("closed_at", TIME(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_bug_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bug")),
    )
    for column in ("person_id", "accepted"):
        op.create_index(op.f(f"ix_bug_{column}"), "bug", [column])
    op.create_table(
        "bug_opinion",
        sa.Column("bug_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("accept", sa.Boolean(), nullable=False),
        sa.Column("at", TIME(), nullable=False),
        sa.ForeignKeyConstraint(["bug_id"], ["bug.id"], name=op.f("fk_bug_opinion_bug_id_bug")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_bug_opinion_person_id_person")
        ),
        sa.PrimaryKeyConstraint("bug_id", "person_id", name=op.f("pk_bug_opinion")),
    )
    with op.batch_alter_table("worker") as batch_op:
        batch_op.add_column(sa.Column("owner", TEXT(), nullable=False, server_default=""))
    with op.batch_alter_table("worker") as batch_op:
        batch_op.alter_column("owner", server_default=None)
    _what_was_earned_before()
    _append_only()


def _what_was_earned_before() -> None:
    """What happened before there was a ledger is credited as well."""
    with op.batch_alter_table("event") as batch_op:
        booked: sa.Column[bool] = sa.Column(
            "booked", sa.Boolean(), nullable=False, server_default=sa.true()
        )
        batch_op.add_column(booked)
    with op.batch_alter_table("event") as batch_op:
        batch_op.alter_column("booked", server_default=None)
    event = sa.table("event", sa.column("kind", sa.String()), sa.column("booked", sa.Boolean()))
    op.execute(event.update().where(event.c.kind.in_(CREDITED)).values(booked=False))
    op.create_index(
        "ix_event_unbooked",
        "event",
        ["id"],
        sqlite_where=sa.text("booked = 0"),
        postgresql_where=sa.text("NOT booked"),
    )


def _append_only() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(POSTGRESQL)
        for table in KEPT:
            op.execute(ON_POSTGRESQL.format(table=table))
        return
    for table in KEPT:
        for verb in ("UPDATE", "DELETE"):
            op.execute(SQLITE.format(table=table, verb=verb))


def downgrade() -> None:
    """The books go with their tables."""
    for table in ("posting", "ledger", "account", "bug_opinion", "bug"):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION keep_the_ledger")
    with op.batch_alter_table("worker") as batch_op:
        batch_op.drop_column("owner")
    op.drop_index("ix_event_unbooked", "event")
    with op.batch_alter_table("event") as batch_op:
        batch_op.drop_column("booked")
    event = sa.table("event", sa.column("id"), sa.column("kind"))
    telling = sa.table("telling", sa.column("event_id"))
    tips = sa.select(event.c.id).where(event.c.kind == "tipped")
    op.execute(telling.delete().where(telling.c.event_id.in_(tips)))
    op.execute(event.delete().where(event.c.kind == "tipped"))
    _allow(*KINDS)
