"""How often one may ask, and as whom a request counts."""

from __future__ import annotations

import pytest
from aiohttp.test_utils import make_mocked_request
from hypothesis import given
from hypothesis import strategies as st

from bot.on_web import limits
from bot.on_web.limits import Buckets, address_of
from bot.settings_web import networks
from tests.bot.on_web.served import Served
from tests.bot.on_web.signing import Open


@given(st.lists(st.floats(0, 2), max_size=60))
def test_a_bucket_gives_no_more_than_it_holds_and_fills(pauses: list[float]) -> None:
    now = 0.0
    buckets = Buckets(burst=5, rate=0.5, clock=lambda: now)
    given_out = 0
    for pause in pauses:
        now += pause
        wait = buckets.wait("ada")
        given_out += wait == 0
        assert given_out <= 5 + now * 0.5 + 1e-6
        if wait:
            now += wait + 1e-6  # as long as it says, and no longer
            assert buckets.wait("ada") == 0
            given_out += 1
    assert buckets.wait("bo") == 0


def test_a_crowd_is_not_remembered_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_KEPT", 10)
    buckets = Buckets(burst=1, rate=0.01, clock=lambda: 0.0)
    for number in range(100):
        buckets.wait(str(number))
    assert len(buckets._left) == 10
    assert buckets.wait("99") > 0


@pytest.mark.parametrize(
    ("proxies", "heard", "told", "is_from"),
    [
        ("", "198.51.100.1", "203.0.113.9", "198.51.100.1"),
        ("127.0.0.1", "198.51.100.1", "203.0.113.9", "198.51.100.1"),
        ("127.0.0.1", "127.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("127.0.0.1", "127.0.0.1", "192.0.2.66, 203.0.113.9", "203.0.113.9"),
        ("127.0.0.1, 10.0.0.0/8", "127.0.0.1", "192.0.2.66, 203.0.113.9, 10.1.2.3", "203.0.113.9"),
        ("127.0.0.1", "127.0.0.1", "203.0.113.9, nonsense", "127.0.0.1"),
        ("127.0.0.1", "127.0.0.1", None, "127.0.0.1"),
        ("127.0.0.1", "::ffff:127.0.0.1", "2001:db8::1", "2001:db8::1"),
    ],
)
def test_only_our_own_proxy_says_who_it_heard(
    proxies: str, heard: str, told: str | None, is_from: str
) -> None:
    headers = {"X-Forwarded-For": told} if told else {}
    request = make_mocked_request("GET", "/", headers=headers).clone(remote=heard)
    assert address_of(request, networks(proxies)) == is_from


async def test_too_much_is_a_sentence_that_says_when(public: Served, browser: Open) -> None:
    guest = browser()
    for number in range(40):
        other = f"203.0.113.{number}"  # which nobody here has to believe
        answer = await guest.get("/sign-in/discord", **{"X-Forwarded-For": other})
        assert answer.status == 303
    answer = await guest.get("/sign-in/discord")
    assert answer.status == 429
    assert f"Try again in {answer.headers['Retry-After']} seconds." in answer.text
    assert (await guest.get("/record")).status == 200


async def test_a_person_is_held_back_wherever_they_are(public: Served, browser: Open) -> None:
    here, there = browser(), browser()
    for one in (here, there):
        await one.sign_in()
        await one.get("/yours")
    said = [(await here.post("/act", {"sign": "", "job": "1"})).status for _ in range(30)]
    assert set(said) == {409}
    assert (await there.post("/act", {"sign": "", "job": "1"})).status == 429
