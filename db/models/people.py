"""Who people are, and how their workspaces are set up."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel

from db.models.base import utcnow


class Person(SQLModel, table=True):
    """One human being, whatever rooms they come from."""

    id: int = Field(default=None, primary_key=True)
    name: str
    joined_at: datetime = Field(default_factory=utcnow)
    served_at: datetime | None = None
    """When a job of theirs was last claimed: the line serves the least recently served first."""
    leaving_at: datetime | None = Field(default=None, index=True)
    """When they asked to be forgotten; from then on nobody is them any more."""
    left_at: datetime | None = None
    """When nothing of them was left."""


class Identity(SQLModel, table=True):
    """Who a person is on one platform, in one workspace or guild."""

    platform: str = Field(primary_key=True)
    workspace: str = Field(primary_key=True)
    user_id: str = Field(primary_key=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    own_id: int = Field(foreign_key="person.id")
    """Whom it was first seen as: another person than theirs while it is linked."""


class Workspace(SQLModel, table=True):
    """One Discord server or Slack workspace, as its hosts have set it up."""

    platform: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    showcase: str = ""
    review: str = ""
    """The places of the public cards and of those for moderators; empty until a host picks them."""
    moderators: str = ""
    """The role whose members decide; empty for hosts alone."""
    quorum: int | None = None
    queued_cap: int | None = None
    ballot_hours: float | None = None
    newcomer_publications: int | None = None
    """What this workspace has decided for itself; None where it goes by the studio's settings."""
    trouble: str = ""
    """What its hosts were told last, so that they are told once."""


class Install(SQLModel, table=True):
    """A Slack workspace whose people have let our app in, with the token that it has there."""

    team: str = Field(primary_key=True)
    name: str = ""
    token: str = Field(repr=False)
    bot_user: str
    """The app's own user in that workspace."""
    scopes: str = ""
    """What the token is allowed, with commas between."""
    app_id: str = ""
    at: datetime = Field(default_factory=utcnow)
