"""what a clip is near, and whether its energy was measured

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

JOB = sa.table(
    "job", sa.column("id", sa.Integer), sa.column("near", sa.JSON),
    sa.column("vary_from", sa.BigInteger),
)  # fmt: skip


def upgrade() -> None:
    with op.batch_alter_table("job") as batch_op:
        batch_op.add_column(sa.Column("near", sa.JSON(), nullable=False, server_default="[]"))
        batch_op.add_column(sa.Column("energy_measured", sa.Boolean(), nullable=True))
    bind = op.get_bind()
    varied = sa.select(JOB.c.id, JOB.c.vary_from).where(JOB.c.vary_from.is_not(None))
    for job_id, seed in bind.execute(varied).all():
        bind.execute(sa.update(JOB).where(JOB.c.id == job_id).values(near=[[seed, 1.0]]))
    with op.batch_alter_table("job") as batch_op:
        batch_op.drop_column("vary_from")
        batch_op.alter_column("near", existing_type=sa.JSON(), server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("job") as batch_op:
        batch_op.add_column(sa.Column("vary_from", sa.BigInteger(), nullable=True))
    bind = op.get_bind()
    for job_id, near in bind.execute(sa.select(JOB.c.id, JOB.c.near)).all():
        if near:
            bind.execute(sa.update(JOB).where(JOB.c.id == job_id).values(vary_from=near[0][0]))
    with op.batch_alter_table("job") as batch_op:
        batch_op.drop_column("near")
        batch_op.drop_column("energy_measured")
