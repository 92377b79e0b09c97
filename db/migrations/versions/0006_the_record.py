"""the record: append-only and chained, which the database itself sees to; its actors and statistics

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TEXT = sqlmodel.sql.sqltypes.AutoString
TIME = sqlmodel.sql.sqltypes.UTCDateTime
# A batch operation on this table makes it anew on SQLite, and then without these.
SQLITE = (
    """
    CREATE TRIGGER record_is_not_updated BEFORE UPDATE ON record
    BEGIN SELECT RAISE(ABORT, 'the record is never changed'); END
    """,
    """
    CREATE TRIGGER record_is_not_deleted BEFORE DELETE ON record
    BEGIN SELECT RAISE(ABORT, 'the record is never changed'); END
    """,
    """
    CREATE TRIGGER record_goes_on BEFORE INSERT ON record
    WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM record)
      OR NEW.previous IS NOT
         coalesce((SELECT hash FROM record ORDER BY seq DESC LIMIT 1), hex(zeroblob(32)))
    BEGIN SELECT RAISE(ABORT, 'an entry follows the last one of the record'); END
    """,
)
POSTGRESQL = (
    """
    CREATE FUNCTION record_stays() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'the record is never changed'
            USING ERRCODE = 'integrity_constraint_violation';
    END $$
    """,
    """
    CREATE TRIGGER record_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON record
    FOR EACH STATEMENT EXECUTE FUNCTION record_stays()
    """,
    """
    CREATE FUNCTION record_goes_on() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NEW.seq IS DISTINCT FROM (SELECT coalesce(max(seq), 0) + 1 FROM record)
           OR NEW.previous IS DISTINCT FROM
              coalesce((SELECT hash FROM record ORDER BY seq DESC LIMIT 1), repeat('0', 64))
        THEN
            RAISE EXCEPTION 'an entry follows the last one of the record'
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END $$
    """,
    """
    CREATE TRIGGER record_goes_on BEFORE INSERT ON record
    FOR EACH ROW EXECUTE FUNCTION record_goes_on()
    """,
)


def upgrade() -> None:
    op.create_table(
        "actor",
        sa.Column("name", TEXT(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_actor_person_id_person")
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_actor")),
        sa.UniqueConstraint("person_id", name=op.f("uq_actor_person_id")),
    )
    op.create_table(
        "record",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", TEXT(), nullable=False),
        sa.Column("job_id", sa.Integer(), nullable=True),
        sa.Column("body", TEXT(), nullable=False),
        sa.Column("previous", TEXT(), nullable=False),
        sa.Column("hash", TEXT(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_record")),
    )
    op.create_index("ix_record_kind_seq", "record", ["kind", "seq"])
    op.create_index("ix_record_job_id_seq", "record", ["job_id", "seq"])
    op.create_table(
        "statistic",
        sa.Column("month", TEXT(), nullable=False),
        sa.Column("name", TEXT(), nullable=False),
        sa.Column("of", TEXT(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("month", "name", "of", name=op.f("pk_statistic")),
    )
    op.add_column("event", sa.Column("chronicled_at", TIME(), nullable=True))
    waiting = sa.text("chronicled_at IS NULL")
    op.create_index(
        "ix_event_unchronicled", "event", ["id"], sqlite_where=waiting, postgresql_where=waiting
    )
    for statement in SQLITE if _sqlite() else POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    op.drop_index("ix_event_unchronicled", "event")
    with op.batch_alter_table("event") as batch_op:
        batch_op.drop_column("chronicled_at")
    for table in ("statistic", "record", "actor"):
        op.drop_table(table)
    if not _sqlite():
        op.execute("DROP FUNCTION record_stays(), record_goes_on()")


def _sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"
