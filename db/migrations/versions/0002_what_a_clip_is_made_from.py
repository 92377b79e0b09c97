"""what a clip is made from

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TASKS = sa.Enum(
    "text",
    "image",
    "frames",
    "extend",
    "video",
    "loop",
    name="task",
    native_enum=False,
    create_constraint=True,
    length=32,
)
DESCENTS = sa.Enum(
    "vary",
    "extend",
    "redraw",
    "final",
    name="descent",
    native_enum=False,
    create_constraint=True,
    length=32,
)
TEXT = sqlmodel.sql.sqltypes.AutoString()
GIVEN: dict[str, tuple[Any, Any]] = {
    "draft": (sa.Boolean(), sa.false()),
    "style": (TEXT, ""),
    "upscale": (sa.Boolean(), sa.false()),
    "smooth": (sa.Boolean(), sa.false()),
    "task": (TASKS, "text"),
    "first_key": (TEXT, ""),
    "last_key": (TEXT, ""),
    "vary": (sa.Float(), "0"),
    "approximations": (sa.JSON(), "[]"),
}
"""Column -> its type, and what the jobs of before have in it."""
ADDED: dict[str, Any] = {
    "final_steps": sa.Integer(),
    "style_strength": sa.Float(),
    "source_id": sa.Integer(),
    "source_clip": sa.Integer(),
    "strength": sa.Float(),
    "vary_from": sa.BigInteger(),
    "parent_id": sa.Integer(),
    "parent_clip": sa.Integer(),
    "descent": DESCENTS,
    "compute_seconds": sa.Float(),
    "energy_wh": sa.Float(),
}


def upgrade() -> None:
    with op.batch_alter_table("job") as batch_op:
        for name, (kind, before) in GIVEN.items():
            batch_op.add_column(sa.Column(name, kind, nullable=False, server_default=before))
        for name, kind in ADDED.items():
            batch_op.add_column(sa.Column(name, kind, nullable=True))
        for name in ("source_id", "parent_id"):
            batch_op.create_foreign_key(op.f(f"fk_job_{name}_job"), "job", [name], ["id"])
        batch_op.create_index(op.f("ix_job_parent_id"), ["parent_id"])
    op.execute("UPDATE job SET final_steps = steps")
    with op.batch_alter_table("job") as batch_op:
        batch_op.alter_column("final_steps", existing_type=sa.Integer(), nullable=False)
        for name, (kind, _) in GIVEN.items():
            batch_op.alter_column(name, existing_type=kind, server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("job") as batch_op:
        batch_op.drop_index(op.f("ix_job_parent_id"))
        for name in ("source_id", "parent_id"):
            batch_op.drop_constraint(op.f(f"fk_job_{name}_job"), type_="foreignkey")
        for kind in ("task", "descent"):
            batch_op.drop_constraint(op.f(f"ck_job_{kind}"), type_="check")
        for name in (*GIVEN, *ADDED):
            batch_op.drop_column(name)
