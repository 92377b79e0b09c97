"""What hosts see of lent workers, and decide about them."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from bot.finding import Finding, State
from bot.trouble import Trouble
from db import lender_keys, lent, workers
from db.broker import Broker
from db.models import LenderKey, utcnow
from db.session import Db

KNOW_WHY = "When you know why: sora worker key resume NAME, or sora worker key revoke NAME"
NO_OWN = "Only a worker of the studio's own does that; start one: sora worker"


def line(key: LenderKey) -> str:
    """One key, in one line."""
    about = [
        f"made on {key.made_at:%-d %B %Y}" + (f" by {key.made_by}" if key.made_by else ""),
        f"credited to {key.owner}" if key.owner else "credited to nobody",
        f"may render {', '.join(key.models)}" + (" from pictures and clips too" * key.inputs),
        f"{key.accepted} accepted, {key.refused} refused",
        _seen(key),
    ]
    return f"{key.name}: {_stands(key)}. {'; '.join(about)}."


async def finding(s: AsyncSession) -> Finding | None:
    """For the doctor; nothing where nobody lends."""
    held = [key for key in await lender_keys.every(s) if key.revoked_at is None]
    if not held:
        return None
    found = " ".join(f"{key.name}: {_stands(key)}, {_seen(key)}." for key in held)
    if any(key.suspended for key in held):
        return Finding("Lent workers", State.WARNING, found, KNOW_WHY)
    own = [w for w in await workers.every(s) if workers.alive(w) and not w.lent]
    if not own and (waiting := await lent.unseen(s)):
        found += f" {waiting} of their renders wait to be looked at."
        return Finding("Lent workers", State.WARNING, found, NO_OWN)
    return Finding("Lent workers", State.OK, found)


async def revoke(db: Db, broker: str, name: str) -> None:
    """Raises ``Trouble`` for a key that isn't there."""
    bell = Broker(broker)
    try:
        async with db.begin() as s:
            _insist(await lender_keys.get(s, name, lock=True), name)
            back = await lender_keys.revoke(s, name)
        for job_id, attempt in back:
            await bell.ring(job_id, attempt)
            await bell.spread(job_id)
    finally:
        await bell.close()


async def resume(db: Db, name: str) -> None:
    """Raises ``Trouble`` for a key that isn't there, or was revoked."""
    async with db.begin() as s:
        key = _insist(await lender_keys.get(s, name, lock=True), name)
        if key.revoked_at is not None:
            raise Trouble(f"The key {name} was revoked, which is for good; make another.")
        await lender_keys.resume(s, name)


def _insist(key: LenderKey | None, name: str) -> LenderKey:
    if key is None:
        raise Trouble(f"There is no key {name}; see: sora worker key list")
    return key


def _stands(key: LenderKey) -> str:
    if key.revoked_at is not None:
        return f"revoked on {key.revoked_at:%-d %B %Y}"
    return f"suspended ({key.suspended.rstrip('.')})" if key.suspended else "in use"


def _seen(key: LenderKey) -> str:
    if key.seen_at is None:
        return "never seen"
    minutes = (utcnow() - key.seen_at).total_seconds() / 60
    return (
        f"last seen {minutes:.0f} minutes ago"
        if minutes < 120
        else f"last seen on {key.seen_at:%-d %B %Y}"
    )
