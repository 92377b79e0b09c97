"""A double of Slack over real sockets: Web API, Socket Mode or HTTP, files and OAuth on a port of
this machine.

    async with Slack(socket_mode=True) as slack:
        team = slack.team("Studio", paid=True)
        ada = team.user("Ada", display_name="ada", admin=True)
        room = team.channel("clips")

        bot = ...  # a process with slack.api as base_url, slack.app_token and team.bot_token
        await slack.connected()

        asked = await ada.slash(room, "/sora", "a red circle --seed 7")
        await asked.acked(within=3)
        await asked.answered()
        assert "red circle" in ada.ephemerals(room)[-1].text()

        form = await (await ada.press(room.last, "change")).showed()
        await ada.submit(form, {"prompt": "a blue square"})

        await slack.until(lambda: room.messages)
        await ada.react(room.last, "white_check_mark")

        slack.faults.next("chat.postMessage", error="ratelimited", retry_after=1)
        await slack.faults.drop_socket()
        slack.later(minutes=31)  # every response_url so far is dead
        assert not slack.violations

In HTTP mode (`socket_mode=False`) set `slack.bot_url` to where the bot listens; its signing secret
is `slack.signing_secret`. For OAuth there are `client_id`, `client_secret`, `authorize_url` and
`await slack.installs(url_of_the_bots_page, team)`.

What a person sees of a message is in `message.text()`, `.buttons()`, `.files` (with their bytes),
`.reactions` (names to user ids) and `.replies`. What only one person sees is not in
`channel.messages` but in `user.ephemerals()`, `user.view`, `user.home`. `slack.scopes_used` says
which of the granted scopes were needed.
"""

from tests.doubles.on_slack.acts import Act, Attempt
from tests.doubles.on_slack.blocks import Button
from tests.doubles.on_slack.messages import File, Message, Upload
from tests.doubles.on_slack.model import Channel, Group, Team
from tests.doubles.on_slack.people import User
from tests.doubles.on_slack.rates import Rates
from tests.doubles.on_slack.service import Slack
from tests.doubles.on_slack.views import View
from tests.doubles.on_slack.web_api import Request

__all__ = [
    "Act",
    "Attempt",
    "Button",
    "Channel",
    "File",
    "Group",
    "Message",
    "Rates",
    "Request",
    "Slack",
    "Team",
    "Upload",
    "User",
    "View",
]
