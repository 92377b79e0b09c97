"""Who acts: a person with the roles their room vouches for at this moment."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    MODERATOR = "moderator"
    HOST = "host"


@dataclass(frozen=True, slots=True)
class Person:
    """Everybody is an artist; moderators decide about the showcase, hosts run the studio."""

    id: int
    name: str
    roles: frozenset[Role] = frozenset()

    @property
    def hosts(self) -> bool:
        return Role.HOST in self.roles

    @property
    def moderates(self) -> bool:
        return bool(self.roles & {Role.MODERATOR, Role.HOST})
