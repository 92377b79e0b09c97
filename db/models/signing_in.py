"""Who is signed in on the web, and who is about to be."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel

from db.models.base import utcnow


class WebSession(SQLModel, table=True):
    """A browser in which somebody is signed in, as whom one platform knows."""

    __tablename__ = "web_session"

    id: int = Field(default=None, primary_key=True)
    token: str = Field(unique=True, repr=False)
    """SHA-256 of what the browser's cookie says; the cookie itself is kept nowhere."""
    platform: str
    workspace: str
    user_id: str = Field(index=True)
    browser: str = ""
    """What it calls itself, so that people tell theirs apart."""
    began_at: datetime = Field(default_factory=utcnow)
    used_at: datetime = Field(default_factory=utcnow)


class SigningIn(SQLModel, table=True):
    """Somebody was sent to a platform to say there who they are; gone once they come back."""

    __tablename__ = "signing_in"

    state: str = Field(primary_key=True)
    """SHA-256 of what comes back with them and stands in their cookie."""
    provider: str
    verifier: str = Field(repr=False)
    """Of PKCE (RFC 7636)."""
    nonce: str = Field(repr=False)
    """Which the id_token has to repeat (OpenID Connect Core 1.0, 3.1.2.1)."""
    leads_to: str
    """The page of ours that they wanted."""
    at: datetime = Field(default_factory=utcnow, index=True)
