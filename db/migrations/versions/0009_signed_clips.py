"""which clips are signed, and the salt of each prompt's hash

Revision ID: 0009
Revises: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

RANDOM = {
    "sqlite": "lower(hex(randomblob(16)))",
    "postgresql": "replace(gen_random_uuid()::text, '-', '')",
}
"""Of at least 122 bits, by whatever the database has for it."""


def upgrade() -> None:
    with op.batch_alter_table("job") as batch_op:
        batch_op.add_column(
            sa.Column("prompt_salt", sqlmodel.sql.sqltypes.AutoString(), nullable=True)
        )
    op.execute(f"UPDATE job SET prompt_salt = {RANDOM[op.get_bind().dialect.name]}")  # noqa: S608
    with op.batch_alter_table("job") as batch_op:
        batch_op.alter_column(
            "prompt_salt", existing_type=sqlmodel.sql.sqltypes.AutoString(), nullable=False
        )
        batch_op.create_index(op.f("ix_job_source_id"), ["source_id"])
    with op.batch_alter_table("clip") as batch_op:
        batch_op.add_column(
            sa.Column("signed", sa.Boolean(), nullable=False, server_default=sa.false())
        )
    with op.batch_alter_table("clip") as batch_op:
        batch_op.alter_column("signed", existing_type=sa.Boolean(), server_default=None)
    op.create_index(
        "ix_clip_unsigned",
        "clip",
        ["job_id", "number"],
        sqlite_where=sa.text("signed = 0"),
        postgresql_where=sa.text("NOT signed"),
    )


def downgrade() -> None:
    op.drop_index("ix_clip_unsigned", "clip")
    with op.batch_alter_table("clip") as batch_op:
        batch_op.drop_column("signed")
    with op.batch_alter_table("job") as batch_op:
        batch_op.drop_index(op.f("ix_job_source_id"))
        batch_op.drop_column("prompt_salt")
