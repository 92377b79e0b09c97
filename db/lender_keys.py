"""The keys of lent workers: made, asked for, suspended, revoked. Of the secret only a hash is kept."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Collection, Sequence

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from db import renders
from db.models import Job, LenderKey, Worker, utcnow
from db.states import Status

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
TOKEN = re.compile(rf"sora-lend\.({NAME.pattern})\.([\w-]{{43}})")
STRIKES = 3
"""So many deliveries one after the other that didn't count, and the key is suspended."""
NOBODY = hashlib.sha256(b"").hexdigest()


def worker_of(name: str) -> str:
    """What the worker is called that has the key of this name."""
    return f"lent/{name}"


async def make(
    s: AsyncSession,
    name: str,
    owner: str,
    models: Collection[str],
    *,
    inputs: bool = False,
    made_by: str = "",
) -> str:
    """The token of a new key, which nobody can be told again. The name must be free."""
    secret = secrets.token_urlsafe(32)
    row = LenderKey(
        name=name,
        secret=_hash(secret),
        owner=owner,
        models=sorted(models),
        inputs=inputs,
        made_by=made_by,
    )
    s.add(row)
    return f"sora-lend.{name}.{secret}"


async def get(s: AsyncSession, name: str, *, lock: bool = False) -> LenderKey | None:
    """The key as it is now; ``lock`` holds off whoever would revoke it until the commit."""
    return await s.get(LenderKey, name, populate_existing=True, with_for_update=lock or None)


async def by_token(s: AsyncSession, token: str) -> LenderKey | None:
    """The key that has this token, whether or not it may still do anything."""
    read = TOKEN.fullmatch(token)
    key = await get(s, read[1]) if read else None
    right = hmac.compare_digest(key.secret if key else NOBODY, _hash(read[2] if read else token))
    return key if right else None


async def every(s: AsyncSession) -> Sequence[LenderKey]:
    return (await s.scalars(select(LenderKey).order_by(col(LenderKey.name)))).all()


# ── the end of one ───────────────────────────────────────────────────────────────────────


async def revoke(s: AsyncSession, name: str) -> list[tuple[int, int]]:
    """From now on it does nothing; (job, attempt) of what is back in line."""
    await _change(s, name, revoked_at=utcnow())
    return await _put_down(s, name, "the key of its worker was revoked")


async def suspend(s: AsyncSession, name: str, why: str) -> list[tuple[int, int]]:
    """Until a host has looked it does nothing; (job, attempt) of what is back in line."""
    await _change(s, name, suspended=why)
    return await _put_down(s, name, "the key of its worker was suspended")


async def resume(s: AsyncSession, name: str) -> None:
    await _change(s, name, suspended="", strikes=0)


async def _put_down(s: AsyncSession, name: str, why: str) -> list[tuple[int, int]]:
    """Whatever its worker has in hand goes back into the line, and what it sent counts for nothing. Its
    offers are forgotten: nobody waits for what it alone could make."""
    worker = worker_of(name)
    mine = select(col(Job.id), col(Job.attempt)).where(
        col(Job.status) == Status.RENDERING, col(Job.worker) == worker
    )
    back = [
        (job_id, attempt)
        for job_id, attempt in (await s.execute(mine)).all()
        if await renders.put_back(s, job_id, attempt, why)
    ]
    row = await s.get(Worker, worker)
    if row is not None:
        await s.delete(row)
    return back


# ── what came of it ──────────────────────────────────────────────────────────────────────


async def accepted(s: AsyncSession, name: str) -> None:
    await _change(s, name, accepted=LenderKey.accepted + 1, strikes=0)


async def compared(s: AsyncSession, name: str) -> None:
    await _change(s, name, compared=LenderKey.compared + 1)


async def refused(s: AsyncSession, name: str) -> int:
    """One of its deliveries didn't count; how many in a row."""
    await _change(s, name, refused=LenderKey.refused + 1, strikes=LenderKey.strikes + 1)
    key = await get(s, name)
    return key.strikes if key else 0


async def seen(s: AsyncSession, name: str, **values: str) -> None:
    await _change(s, name, seen_at=utcnow(), **values)


async def _change(s: AsyncSession, name: str, **values: object) -> None:
    await s.execute(
        update(LenderKey)
        .where(col(LenderKey.name) == name)
        .values(**values)
        .execution_options(synchronize_session=False)
    )


def _hash(secret: str) -> str:
    """Enough for what is random: nobody can guess 256 bits from it."""
    return hashlib.sha256(secret.encode()).hexdigest()
