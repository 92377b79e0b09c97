"""Who is signed in on the web: a browser keeps a token of 256 random bits, the database its hash."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import ColumnElement, and_, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from db.models import Identity, Person, SigningIn, WebSession, utcnow

IDLE, LONGEST = timedelta(days=30), timedelta(days=90)
"""So long a session lasts unused, and however much it is used."""
NOTED = timedelta(hours=1)
"""So often it is written down that one is used."""
SIGNING_IN = timedelta(minutes=10)
"""So long somebody may take at the platform."""
LONGEST_NAME = 200


# ── signing in ───────────────────────────────────────────────────────────────────────────


async def send_away(
    s: AsyncSession, provider: str, *, verifier: str, nonce: str, leads_to: str
) -> str:
    """Remember that somebody is sent to a platform; the state that has to come back with them."""
    await s.execute(delete(SigningIn).where(col(SigningIn.at) <= utcnow() - SIGNING_IN))
    state = _fresh()
    s.add(
        SigningIn(
            state=_hash(state), provider=provider, verifier=verifier, nonce=nonce,
            leads_to=leads_to,
        )
    )  # fmt: skip
    return state


async def come_back(s: AsyncSession, provider: str, state: str) -> SigningIn | None:
    """Whoever was sent away with this state, once; None for all others."""
    found = await s.scalar(
        delete(SigningIn)
        .where(
            col(SigningIn.state) == _hash(state),
            col(SigningIn.provider) == provider,
            col(SigningIn.at) > utcnow() - SIGNING_IN,
        )
        .returning(SigningIn)
    )
    return found


# ── signed in ────────────────────────────────────────────────────────────────────────────


async def begin(s: AsyncSession, platform: str, workspace: str, user_id: str, browser: str) -> str:
    """Sign somebody in; the token for their browser. Sessions that are over are tidied away."""
    await s.execute(delete(WebSession).where(~_lives()))
    token = _fresh()
    s.add(
        WebSession(
            token=_hash(token), platform=platform, workspace=workspace, user_id=user_id,
            browser=browser[:LONGEST_NAME],
        )
    )  # fmt: skip
    return token


async def find(s: AsyncSession, token: str) -> tuple[WebSession, Person] | None:
    """A session that isn't over, and who that is now; None for all else, and for whoever left."""
    found = await s.execute(
        select(WebSession, Person)
        .join(Identity, _theirs())
        .join(Person, col(Person.id) == col(Identity.person_id))
        .where(col(WebSession.token) == _hash(token), _lives(), col(Person.leaving_at).is_(None))
    )
    row = found.one_or_none()
    return None if row is None else (row[0], row[1])


async def note_used(s: AsyncSession, session_id: int) -> None:
    await s.execute(
        update(WebSession).where(col(WebSession.id) == session_id).values(used_at=utcnow())
    )


async def of(s: AsyncSession, person_id: int) -> Sequence[WebSession]:
    """Where somebody is signed in, the last used first."""
    found = await s.scalars(
        select(WebSession)
        .join(Identity, _theirs())
        .where(col(Identity.person_id) == person_id, _lives())
        .order_by(col(WebSession.used_at).desc(), col(WebSession.id).desc())
    )
    return found.all()


async def end(s: AsyncSession, token: str) -> None:
    """Sign out the browser that has this token."""
    await s.execute(delete(WebSession).where(col(WebSession.token) == _hash(token)))


async def end_of(s: AsyncSession, person_id: int, session_id: int | None = None) -> int:
    """Sign somebody out in one browser of theirs, or everywhere; in how many that was."""
    ids = [one.id for one in await of(s, person_id) if session_id in (None, one.id)]
    await s.execute(delete(WebSession).where(col(WebSession.id).in_(ids)))
    return len(ids)


def is_of(session: WebSession, token: str) -> bool:
    """Whether this token is its."""
    return session.token == _hash(token)


def _lives() -> ColumnElement[bool]:
    now = utcnow()
    return (col(WebSession.used_at) > now - IDLE) & (col(WebSession.began_at) > now - LONGEST)


def _theirs() -> ColumnElement[bool]:
    return and_(
        col(Identity.platform) == col(WebSession.platform),
        col(Identity.workspace) == col(WebSession.workspace),
        col(Identity.user_id) == col(WebSession.user_id),
    )


def _fresh() -> str:
    return secrets.token_urlsafe(32)


def _hash(token: str) -> str:
    """Enough for what is random: nobody can guess 256 bits from it."""
    return hashlib.sha256(token.encode()).hexdigest()
