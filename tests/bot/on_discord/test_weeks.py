"""The reel of a week in Discord: a card of the showcase, which nobody asked for and nobody votes on."""

from __future__ import annotations

from moderation.people import Role
from tests.bot.on_discord.world import World, buttons, gallery, text
from tests.support.studio import person
from tests.support.weeks import reel, swept, three


async def test_the_showcase_has_it_until_a_clip_leaves_it(world: World) -> None:
    cast = [await person(world.db, name) for name in ("Ada", "Bo", "Cy")]
    cast += [await person(world.db, name, Role.MODERATOR) for name in ("mo", "lin")]
    _, second, _ = await three(world.studio, cast, final=True)
    await swept(world.studio)
    film = await reel(world.studio)
    assert film is not None
    await world.tell(film.id)
    assert world.general.last_message is None, "nobody asked for it, so nobody has a receipt"
    await world.render(film.id)
    await swept(world.studio)
    await world.tell(film.id)
    card = world.card(world.showcase)
    assert f"Job {film.id} · by the community" in text(card)
    assert "clip 1 by Ada" in text(card)
    assert len(gallery(card)) == 1
    assert list(buttons(card)) == ["Info", "Report"]
    assert not card.reactions
    await world.studio.desk.withdraw(cast[1], second.id)
    await world.tell(film.id)
    assert world.showcase.last_message is None
