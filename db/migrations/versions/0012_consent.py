"""consent: five flags of each clip and what its file tells, their history, what clips begin with

Revision ID: 0012
Revises: 0011
"""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

TIME = sqlmodel.sql.sqltypes.UTCDateTime
FLAGS = ("showcase", "remix", "dataset", "training", "elsewhere", "named", "prompt_shown")
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
)
BEFORE = {"remix_allowed": True, "remix_forbidden": False}
"""What was said of remixes alone, of all clips of a job."""
AFTER = "consented"
EVENT = sa.table(
    "event", sa.column("id", sa.Integer), sa.column("job_id", sa.Integer),
    sa.column("person_id", sa.Integer), sa.column("kind", sa.String), sa.column("at", TIME()),
    sa.column("detail", sa.JSON),
)  # fmt: skip
TELLING = sa.table("telling", sa.column("event_id", sa.Integer))
CLIP = sa.table(
    "clip", sa.column("job_id", sa.Integer), sa.column("number", sa.Integer),
    sa.column("remix", sa.Boolean),
)  # fmt: skip
CONSENT = sa.table(
    "consent", sa.column("job_id", sa.Integer), sa.column("clip", sa.Integer),
    sa.column("flag", sa.String), sa.column("given", sa.Boolean),
    sa.column("person_id", sa.Integer), sa.column("at", TIME()),
    sa.column("by_default", sa.Boolean),
)  # fmt: skip
JOB = sa.table("job", sa.column("id", sa.Integer), sa.column("remix", sa.Boolean))


def _allow_kinds(*names: str) -> None:
    listed = ", ".join(f"'{name}'" for name in names)
    with op.batch_alter_table("event") as batch_op:
        batch_op.drop_constraint(op.f("ck_event_kind"), type_="check")
        batch_op.create_check_constraint(op.f("ck_event_kind"), f"kind IN ({listed})")


def _flag() -> sa.Column[str]:
    kinds = sa.Enum(*FLAGS, name="flag", native_enum=False, create_constraint=True, length=32)
    return sa.Column("flag", kinds, nullable=False)


def upgrade() -> None:
    with op.batch_alter_table("clip") as batch_op:
        for name in FLAGS:
            begins = sa.true() if name == "showcase" else sa.false()
            batch_op.add_column(
                sa.Column(name, sa.Boolean(), nullable=False, server_default=begins)
            )
    with op.batch_alter_table("clip") as batch_op:
        for name in FLAGS:
            batch_op.alter_column(name, existing_type=sa.Boolean(), server_default=None)
        batch_op.create_check_constraint(op.f("ck_clip_shown_with_leave"), "showcase OR NOT shown")
    op.create_table(
        "consent",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.Integer(), nullable=False),
        sa.Column("clip", sa.Integer(), nullable=False),
        _flag(),
        sa.Column("given", sa.Boolean(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("at", TIME(), nullable=False),
        sa.Column("by_default", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id", "clip"],
            ["clip.job_id", "clip.number"],
            name=op.f("fk_consent_job_id_clip_clip"),
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_consent_person_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
    )
    op.create_index("ix_consent_job_id_clip", "consent", ["job_id", "clip"])
    op.create_table(
        "preference",
        sa.Column("person_id", sa.Integer(), nullable=False),
        _flag(),
        sa.Column("given", sa.Boolean(), nullable=False),
        sa.Column("at", TIME(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_preference_person_id_person")
        ),
        sa.PrimaryKeyConstraint("person_id", "flag", name=op.f("pk_preference")),
    )
    _allow_kinds(*KINDS, *BEFORE, AFTER)
    _remixes_become_a_flag()
    _allow_kinds(*KINDS, AFTER)
    with op.batch_alter_table("job") as batch_op:
        batch_op.drop_column("remix")


def _remixes_become_a_flag() -> None:
    bind = op.get_bind()
    allowed = sa.select(JOB.c.id).where(JOB.c.remix)
    bind.execute(sa.update(CLIP).where(CLIP.c.job_id.in_(allowed)).values(remix=True))
    said = sa.select(
        CLIP.c.job_id, CLIP.c.number, sa.literal("remix"), EVENT.c.kind == "remix_allowed",
        EVENT.c.person_id, EVENT.c.at, sa.false(),
    ).join_from(EVENT, CLIP, CLIP.c.job_id == EVENT.c.job_id)  # fmt: skip
    said = said.where(EVENT.c.kind.in_(BEFORE)).order_by(EVENT.c.id, CLIP.c.number)
    names = ["job_id", "clip", "flag", "given", "person_id", "at", "by_default"]
    bind.execute(sa.insert(CONSENT).from_select(names, said))
    for kind, given in BEFORE.items():
        numbers: dict[int, list[int]] = {}
        of_job = sa.select(CLIP.c.job_id, CLIP.c.number).order_by(CLIP.c.number)
        told = sa.select(EVENT.c.job_id).where(EVENT.c.kind == kind)
        for job_id, number in bind.execute(of_job.where(CLIP.c.job_id.in_(told))).all():
            numbers.setdefault(job_id, []).append(number)
        for job_id, clips in numbers.items():
            bind.execute(
                sa.update(EVENT)
                .where(EVENT.c.kind == kind, EVENT.c.job_id == job_id)
                .values(kind=AFTER, detail={"flag": "remix", "given": given, "clips": clips})
            )
        # Said of a job before it had clips: there is nothing that it could be about.
        _forget(EVENT.c.kind == kind)


def downgrade() -> None:
    with op.batch_alter_table("job") as batch_op:
        batch_op.add_column(
            sa.Column("remix", sa.Boolean(), nullable=False, server_default=sa.false())
        )
    with op.batch_alter_table("job") as batch_op:
        batch_op.alter_column("remix", existing_type=sa.Boolean(), server_default=None)
    bind = op.get_bind()
    _allow_kinds(*KINDS, *BEFORE, AFTER)
    # Where one clip may not be remixed, none may: that is what the artist has allowed of all.
    some = sa.select(CLIP.c.job_id).where(CLIP.c.remix)
    not_all = sa.select(CLIP.c.job_id).where(~CLIP.c.remix)
    bind.execute(
        sa.update(JOB).where(JOB.c.id.in_(some), JOB.c.id.not_in(not_all)).values(remix=True)
    )
    consented = sa.select(EVENT.c.id, EVENT.c.detail).where(EVENT.c.kind == AFTER)
    names = {given: kind for kind, given in BEFORE.items()}
    for event_id, detail in bind.execute(consented).all():
        if detail.get("flag") == "remix":
            kind = names[detail["given"]]
            said = sa.update(EVENT).where(EVENT.c.id == event_id)
            bind.execute(said.values(kind=kind, detail={}))
    _forget(EVENT.c.kind == AFTER)
    _allow_kinds(*KINDS, *BEFORE)
    op.drop_table("preference")
    op.drop_table("consent")
    with op.batch_alter_table("clip") as batch_op:
        batch_op.drop_constraint(op.f("ck_clip_shown_with_leave"), type_="check")
        for name in FLAGS:
            batch_op.drop_column(name)


def _forget(which: sa.ColumnElement[bool]) -> None:
    ids = sa.select(EVENT.c.id).where(which)
    op.execute(sa.delete(TELLING).where(TELLING.c.event_id.in_(ids)))
    op.execute(sa.delete(EVENT).where(which))
