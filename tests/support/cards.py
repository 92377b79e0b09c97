"""Any card that there may be, and the fullest one, for tests of how rooms paint them."""

from __future__ import annotations

import string
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from bot.card import Button, Card, CardClip, Fact, Line, Tone
from bot.signs import Sign
from db.models import Job, utcnow
from db.states import Purpose, Status

ACTIVE = (
    "<b>bold</b>",
    '"><img src=x onerror=go()>',
    "&lt;b&gt; &amp;",
    "{{ 7 * 7 }}",
    "<!channel> <@U1> @everyone",
    "[here](https://x.example) ||hidden||",
)
"""What some room or other might act on."""
WORDS = st.sampled_from(ACTIVE) | st.text(
    alphabet=st.sampled_from(string.punctuation + "ab é🙂@"), max_size=1000
)
LONGEST = "*" * 1000


@st.composite
def card(draw: st.DrawFn) -> Card:
    """Anything that a card may be."""
    lines = st.builds(Line, WORDS, WORDS, st.sampled_from([None, datetime(2026, 1, 1, tzinfo=UTC)]))
    facts = st.builds(
        Fact, st.sampled_from(["model", "seeds"]), WORDS, st.sampled_from(["", "https://x.example"])
    )
    clips = [
        CardClip(n, n, draw(st.sampled_from([None, 0, 1, 10**6])), draw(st.booleans()))
        for n in range(1, draw(st.integers(1, 5)))
    ]
    signs = draw(st.lists(st.sampled_from(list(Sign)), unique=True, max_size=14))
    return Card(
        draw(st.sampled_from([*Purpose, None])),
        draw(st.integers(1, 2**31 - 1)),
        draw(st.sampled_from(Tone)),
        draw(WORDS),
        draw(WORDS),
        draw(WORDS | st.just(LONGEST)),
        lines=tuple(draw(st.lists(lines, max_size=12))),
        facts=tuple(draw(st.lists(facts, max_size=12))),
        percent=draw(st.sampled_from([None, 0, 50, 100])),
        clips=tuple(clips),
        closes_at=draw(st.sampled_from([None, datetime(2026, 1, 1, tzinfo=UTC)])),
        buttons=tuple(Button(sign, draw(WORDS) or "x") for sign in signs),
    )  # fmt: skip


def fullest() -> Card:
    """With more of everything than any card of ours has, each as long as people can write."""
    line = Line(LONGEST, LONGEST, datetime(2026, 1, 1, tzinfo=UTC))
    return Card(
        Purpose.REVIEW,
        2**31 - 1,
        Tone.BAD,
        LONGEST,
        LONGEST,
        LONGEST,
        lines=(line,) * 20,
        facts=(Fact("name", LONGEST, "https://example.com"),) * 20,
        percent=100,
        clips=tuple(CardClip(n, n, 10**7, True) for n in range(1, 5)),
        closes_at=datetime(2026, 1, 1, tzinfo=UTC),
        buttons=tuple(Button(sign, LONGEST) for sign in Sign if sign is not Sign.VOTE_1)[:20],
    )


def job_of(person_id: int = 1, **more: Any) -> Job:
    """A job that was published, or whatever ``more`` makes of it."""
    made: dict[str, Any] = {
        "id": 12,
        "request_key": "k",
        "person_id": person_id,
        "room": "web",
        "prompt": "a red circle",
        "model": "toy",
        "aspect": "1:1",
        "width": 64,
        "height": 64,
        "frames": 16,
        "fps": 8,
        "steps": 4,
        "final_steps": 4,
        "guidance": 2,
        "seed": 7,
        "variations": 1,
        "status": Status.PUBLISHED,
        "published_at": utcnow(),
    }
    return Job(**made | more)
