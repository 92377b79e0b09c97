"""The app's own page in Slack: my jobs, the line, a clip to make, and settings for hosts."""

from __future__ import annotations

import pytest

from bot.on_slack.home import NEW, SETUP
from tests.bot.on_slack.town import Town
from tests.doubles.on_slack import User, View

pytestmark = pytest.mark.usefixtures("slack_room")


async def home(town: Town, user: User) -> View:
    seen = user.home.updates if user.home else -1
    await user.opens_home()
    await town.slack.until(lambda: user.home is not None and user.home.updates > seen)
    assert user.home is not None
    return user.home


async def test_it_shows_my_jobs_and_the_line(town: Town) -> None:
    await town.wish(text="a red <!channel> circle")
    await town.wish(town.bo, "a secret of Bo's")
    page = await home(town, town.ada)
    assert "a red <!channel> circle" in page.text()
    assert "Bo" in page.text()
    assert "secret" not in page.text()
    ids = page.action_ids()
    assert len(ids) == len(set(ids))
    await town.ada.press(page, "list:cancel:1:0")
    await town.slack.until(lambda: [m for m in town.ada.dm.messages if "cancelled" in m.text()])


async def test_it_shows_what_was_done_on_it(town: Town) -> None:
    await town.wish()
    page = await home(town, town.ada)
    assert "list:cancel:1:0" in page.action_ids()
    await town.ada.press(page, "list:cancel:1:0")
    await town.slack.until(lambda: town.ada.home and "is cancelled" in town.ada.home.text())
    assert town.ada.home is not None
    assert "list:cancel:1:0" not in town.ada.home.action_ids()


async def test_it_shows_a_clip_that_was_asked_for_from_there(town: Town) -> None:
    page = await home(town, town.ada)
    form = await (await town.ada.press(page, NEW)).showed()
    await town.ada.submit(form, {"prompt": "a red circle"})
    await town.slack.until(lambda: town.ada.home and "Your job 1" in town.ada.home.text())


async def test_roles_of_a_moment_ago_do_for_it(town: Town) -> None:
    for _ in range(3):
        await home(town, town.host)
    assert len(town.slack.requested("users.info")) == 1


async def test_an_empty_one_says_so(town: Town) -> None:
    page = await home(town, town.ada)
    assert "You have asked for nothing yet" in page.text()
    assert "Nobody waits" in page.text()


async def test_settings_are_for_hosts(town: Town) -> None:
    assert SETUP not in (await home(town, town.ada)).action_ids()
    page = await home(town, town.host)
    form = await (await town.host.press(page, SETUP)).showed()
    assert "Showcase channel" in form.text()


async def test_a_clip_is_made_from_there(town: Town) -> None:
    page = await home(town, town.ada)
    form = await (await town.ada.press(page, NEW)).showed()
    act = await (await town.ada.submit(form, {"prompt": "a red circle"})).acked()
    assert not act.errors
    await town.slack.until(
        lambda: [m for m in town.ada.dm.messages if "Job 1 is in line" in m.text()]
    )


async def test_a_job_is_shown_from_there(town: Town) -> None:
    await town.in_review()
    page = await home(town, town.ada)
    before = len([m for m in town.ada.dm.messages if "is ready" in m.text()])
    await town.ada.press(page, "list:show:1:0")
    await town.slack.until(
        lambda: len([m for m in town.ada.dm.messages if "is ready" in m.text()]) > before
    )


async def test_the_other_tab_is_left_alone(town: Town) -> None:
    await town.ada.opens_home("messages")
    await town.quiet()
    assert town.ada.home is None


async def test_many_jobs_fit(town: Town) -> None:
    await town.set_up(queued_cap=30)
    for _ in range(12):
        await town.wish()
    assert "/studio mine 2 shows 2 more" in (await home(town, town.ada)).text()


async def test_it_shows_what_i_have_earned(town: Town) -> None:
    page = await home(town, town.ada)
    assert "You have 0 credits." in page.text()
