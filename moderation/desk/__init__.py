"""The desk: one verb is one transaction; the news goes out after the commit.

Every verb raises ``Refused`` with one sentence when the rules say no, and then nothing has changed.
"""

from __future__ import annotations

from moderation import leaving, linking
from moderation.desk.chaining import Chaining
from moderation.desk.consenting import Consenting
from moderation.desk.crediting import Crediting
from moderation.desk.judging import Judging
from moderation.desk.pooling import Pooling
from moderation.desk.stating import Stating
from moderation.desk.theming import Theming
from moderation.desk.voting import Voting
from moderation.leaving import Belongings
from moderation.linking import Linked, Unlinked
from moderation.people import Person


class Desk(Chaining, Judging, Voting, Consenting, Stating, Crediting, Pooling, Theming):
    """Where people's wishes become rows. Safe to use from many tasks and processes at once."""

    async def link_code(self, person: Person) -> str:
        """What somebody types in another room, within ten minutes, to be one person there and here."""
        return await linking.code_for(self.db, person)

    async def link(self, person: Person, code: str) -> Linked:
        """Make one person of whoever typed a code and whoever was shown it."""
        return await linking.link(self.db, self.broker, person, code)

    async def unlink(self, person: Person) -> Unlinked:
        """Make two people of them again."""
        return await linking.unlink(self.db, self.broker, person)

    async def belongings(self, person: Person) -> Belongings:
        """How much there is of somebody, for whoever thinks of leaving."""
        return await leaving.belongings(self.db, person)

    async def leave(self, person: Person) -> None:
        """Forget somebody, for good; their account on a platform is a new person from now on."""
        await leaving.leave(self.db, person.id)
