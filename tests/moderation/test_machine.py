"""The state machine over the desk holds, and would notice if it didn't."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from db import events, jobs, links, reports, votes
from db.models import Clip, Report, Vote
from db.states import MOVES, Kind, Move, Reason, Status
from moderation import linking, queueing, quorum, rounds, rules
from moderation.desk import Desk, making
from moderation.people import Person, Role
from moderation.screening import door
from tests.moderation.machine import RULES, DeskMachine, play
from tests.support.databases import Sqlite

LONG = settings.get_current_profile_name() == "long"
QUICK = settings(
    max_examples=500 if LONG else 8,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
)
HUNT = settings(QUICK, max_examples=100, stateful_step_count=30, phases=[Phase.generate])


class ManyToAgree(DeskMachine):
    """Where one moderator doesn't decide alone, so that links meet reviews of open rounds."""

    house = replace(RULES, quorum=2)
    names: Mapping[str, tuple[Role, ...]] = {
        "ada": (),
        "bo": (Role.MODERATOR,),
        "mo": (Role.MODERATOR,),
        "lin": (Role.MODERATOR,),
    }


class Fair(DeskMachine):
    """Where more than one look, as in a studio whose hosts want nothing otherwise."""

    house = replace(RULES, second_opinion=True, newcomer_publications=1)
    names: Mapping[str, tuple[Role, ...]] = {
        "ada": (),
        "bo": (Role.HOST,),
        "mo": (Role.MODERATOR,),
        "lin": (Role.MODERATOR,),
    }


@pytest.fixture(scope="module")
def machine(_sqlite: Sqlite) -> type[DeskMachine]:
    DeskMachine.template = _sqlite.template
    return DeskMachine


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_desk_keeps_its_promises(machine: type[DeskMachine]) -> None:
    run_state_machine_as_test(machine, settings=QUICK)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_links_keep_them_where_two_have_to_agree(machine: type[DeskMachine]) -> None:
    run_state_machine_as_test(ManyToAgree, settings=QUICK)


@pytest.mark.timeout(300)
def test_a_fair_studio_keeps_them(machine: type[DeskMachine]) -> None:
    run_state_machine_as_test(Fair, settings=QUICK)


def only_status(check: Callable[..., None]) -> Callable[..., None]:
    """A rule that has forgotten to look at who asks."""

    def careless(person: Any, job: Any, *rest: Any) -> None:
        anybody = Person(-1, "", frozenset({Role.MODERATOR}))
        check(anybody, job, *rest)

    return careless


async def vote_without_a_ballot(self: Desk, person: Any, job_id: int, clip: int) -> None:
    async with self.db.begin() as s:
        if await s.get(Clip, (job_id, clip)) and not await votes.by(s, job_id, person.id):
            s.add(Vote(job_id=job_id, person_id=person.id, clip=clip))


async def report_at_any_time(self: Desk, person: Any, job_id: int, reason: Any) -> None:
    async with self.db.begin() as s:
        job = await jobs.get(s, job_id)
        if job and job.status is Status.PUBLISHED and job.person_id != person.id:
            await events.record(s, job_id, Kind.REPORTED, person.id)
            if not await s.get(Report, (job_id, person.id)):
                s.add(Report(job_id=job_id, person_id=person.id, reason=reason))


async def nothing_settled(s: Any, job_id: int) -> bool:
    return True


async def kept_and_forgotten(s: Any, job_id: int, found: Any, keep: Any = door._keep) -> Any:
    """What is found is stored, and nothing follows from it."""
    await keep(s, job_id, found)
    return []


LOOSE = Move(frozenset({Status.RENDERING, Status.CANCELLED}), Status.READY)

# what is planted: where, what instead, and the acts among which the hunt looks for it
PLANTS: dict[str, tuple[Any, str, Any, set[str]]] = {
    "anybody reviews anything": (
        rules,
        "may_review",
        only_status(rules.may_review),
        {"render_one", "approve", "reject", "vote"},
    ),
    "artists vote for themselves": (
        rules,
        "may_vote",
        only_status(rules.may_vote),
        {"render_one", "approve", "vote"},
    ),
    "votes without a ballot": (
        Desk,
        "vote",
        vote_without_a_ballot,
        {"render_one", "approve", "vote"},
    ),
    "no cap on what waits": (queueing, "may_submit", lambda *_: None, {"submit", "claim"}),
    "clips are made finals of again and again": (
        rules,
        "may_finalize",
        lambda *_: None,
        {"render_one", "grow"},
    ),
    "remixes that nobody has allowed": (
        rules,
        "may_grow",
        lambda person, job, clip, clips, shared: 1,
        {"render_one", "remix"},
    ),
    "the same report again and again": (
        Desk,
        "report",
        report_at_any_time,
        {"publish_one", "report"},
    ),
    "what is taken down leaves its reports behind": (
        reports,
        "settle",
        nothing_settled,
        {"publish_one", "report", "take_down"},
    ),
    "whoever took it down decides the appeal": (
        rules,
        "decided_before",
        lambda *_: frozenset(),
        {"publish_one", "take_down", "appeal", "approve"},
    ),
    "what a hard rule finds goes on": (
        door,
        "_keep",
        kept_and_forgotten,
        {"submit", "claim", "reword"},
    ),
    "who lets it in needn't agree": (
        rules,
        "may_review",
        only_status(rules.may_review),
        {"block_one", "approve"},
    ),
    "a cancelled render comes in": (
        jobs,
        "MOVES",
        dict(MOVES) | {Kind.FINISHED: LOOSE},
        {"submit", "claim", "cancel", "finish"},
    ),
}


async def as_before(s: Any, person: Any) -> Any:
    return person


async def nothing_handed_over(*_: Any) -> Any:
    return [], set()


async def nothing_unsaid(*_: Any) -> Any:
    return frozenset()


PLANTED_LINKS: dict[str, tuple[Any, str, Any, set[str]]] = {
    "whoever is known from before is another": (making, "as_now", as_before, {"submit", "link"}),
    "two of one person vote": (
        links,
        "_merge",
        nothing_handed_over,
        {"publish_one", "vote", "link", "unlink"},
    ),
    "what turns out to be ones own was reviewed": (
        linking,
        "_unsay",
        nothing_unsaid,
        {"render_one", "approve", "link", "unlink"},
    ),
}


PLANTED_REVIEWS: dict[str, tuple[Any, str, Any, set[str]]] = {
    "one no rejects": (
        quorum,
        "needed",
        lambda house, job, published, flagged: quorum.Needed(1, 1),
        {"render_one", "approve", "reject"},
    ),
    "hosts decide alone what isn't with them": (
        rounds,
        "is_with_hosts",
        lambda job: True,
        {"render_one", "approve", "reject"},
    ),
    "whoever took it down puts it back": (
        rules,
        "may_reinstate",
        lambda *_: None,
        {"publish_one", "take_down", "reinstate"},
    ),
}


def among(machine: type[DeskMachine], acts: set[str]) -> type[DeskMachine]:
    """The machine with these acts alone; the others can still be called by them."""

    def by_hand(act: Callable[..., None]) -> Callable[..., None]:
        return lambda self, *args, **given: act(self, *args, **given)

    others = {name: by_hand(getattr(machine, name)) for name in ACTS - acts}
    return type("Hunter", (machine,), others)


ACTS = {
    name for name, value in vars(DeskMachine).items() if hasattr(value, "hypothesis_stateful_rule")
}


OF_ADA, MADE = ("publish_one", "ada", False), ("render_one", "ada")
REPORTED, TAKEN_DOWN = ("report", "bo", 0, Reason.SPAM), ("take_down", "mo", 0)
FINAL = ("grow", "the artist", 0, 1, "finalize")
NOBODY_ELSE: set[int] = set()

# What people do until it shows. Where random acts are many, they are left to the long profile.
SHOWS: dict[str, list[tuple[Any, ...]]] = {
    "anybody reviews anything": [MADE, ("approve", "bo", 0, NOBODY_ELSE)],
    "artists vote for themselves": [OF_ADA, ("vote", "the artist", 0, 1)],
    "votes without a ballot": [MADE, ("vote", "bo", 0, 1)],
    "no cap on what waits": [("submit", "ada", False)] * 4,
    "clips are made finals of again and again": [MADE, FINAL, FINAL],
    "remixes that nobody has allowed": [OF_ADA, ("remix", "bo", 0, 1)],
    "the same report again and again": [OF_ADA, REPORTED, REPORTED],
    "what is taken down leaves its reports behind": [OF_ADA, REPORTED, TAKEN_DOWN],
    "whoever took it down decides the appeal": [
        OF_ADA,
        TAKEN_DOWN,
        ("appeal", "the artist", 0),
        ("approve", "mo", 0, NOBODY_ELSE),
    ],
    "what a hard rule finds goes on": [("submit", "ada", False, " ".join(["nude", "child"]))],
    "who lets it in needn't agree": [("block_one", "ada"), ("approve", "bo", 0, NOBODY_ELSE)],
    "a cancelled render comes in": [
        ("submit", "ada", False),
        ("claim",),
        ("cancel", "the artist", 0),
        ("finish", 0),
    ],
    "whoever is known from before is another": [("link", "ada", "bo"), ("submit", "bo", False)],
    "two of one person vote": [
        OF_ADA,
        ("vote", "bo", 0, 1),
        ("vote", "mo", 0, 1),
        ("link", "bo", "mo"),
    ],
    "what turns out to be ones own was reviewed": [
        MADE,
        ("approve", "bo", 0, NOBODY_ELSE),
        ("link", "ada", "bo"),
    ],
    "one no rejects": [MADE, ("reject", "mo", 0, Reason.SPAM, NOBODY_ELSE)],
    "hosts decide alone what isn't with them": [MADE, ("approve", "bo", 0, NOBODY_ELSE)],
    "whoever took it down puts it back": [OF_ADA, TAKEN_DOWN, ("reinstate", "the artist", 0)],
}
HUNTED = {"no cap on what waits"}
"""Random acts come upon it at once, so every run sees that a hunt finds what is planted."""


def notices(
    machine: type[DeskMachine],
    bug: str,
    plant: tuple[Any, str, Any, set[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    target, name, planted, acts = plant
    assert acts < ACTS
    play(machine, SHOWS[bug])  # nothing is wrong with it as it is
    monkeypatch.setattr(target, name, planted)
    with pytest.raises(AssertionError):
        play(machine, SHOWS[bug])
    if LONG or bug in HUNTED:
        with pytest.raises(AssertionError):
            run_state_machine_as_test(among(machine, acts), settings=HUNT)


@pytest.mark.parametrize("bug", PLANTS)
def test_it_notices(bug: str, machine: type[DeskMachine], monkeypatch: pytest.MonkeyPatch) -> None:
    notices(machine, bug, PLANTS[bug], monkeypatch)


@pytest.mark.usefixtures("machine")
@pytest.mark.parametrize("bug", PLANTED_LINKS)
def test_it_notices_in_links(bug: str, monkeypatch: pytest.MonkeyPatch) -> None:
    notices(ManyToAgree, bug, PLANTED_LINKS[bug], monkeypatch)


@pytest.mark.usefixtures("machine")
@pytest.mark.parametrize("bug", PLANTED_REVIEWS)
def test_it_notices_in_reviews(bug: str, monkeypatch: pytest.MonkeyPatch) -> None:
    notices(Fair, bug, PLANTED_REVIEWS[bug], monkeypatch)
