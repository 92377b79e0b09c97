"""Decisions from reviews: who counts, how many it takes, and what happens when they don't agree."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from db.models import Job, Review
from db.states import Reason, Status, Task, Verdict
from moderation import quorum
from moderation.quorum import Needed
from moderation.rules import Rules

YES, NO = Verdict.APPROVE, Verdict.REJECT
CLIPS = frozenset({1, 2})
FAIR = Rules(second_opinion=True, newcomer_publications=3, appeal_quorum=2)

needs = st.builds(Needed, st.integers(1, 3), st.integers(1, 3))


def review(who: int, verdict: Verdict, *clips: int, alone: bool = False) -> Review:
    return Review(
        job_id=1, person_id=who, round=1, verdict=verdict, reason=Reason.SPAM if verdict is NO else
        None, clips=list(clips), alone=alone,
    )  # fmt: skip


reviews = st.lists(
    st.builds(
        lambda who, verdict, clips: review(who, verdict, *clips),
        st.integers(1, 4),
        st.sampled_from(Verdict),
        st.sets(st.sampled_from(sorted(CLIPS))),
    ),
    max_size=8,
)


def job(**values: Any) -> Job:
    return Job(**{"task": Task.TEXT, "status": Status.IN_REVIEW, **values})


def test_a_clean_job_takes_one_yes_and_two_noes() -> None:
    assert quorum.needed(FAIR, job(), 3, flagged=False) == Needed(yes=1, no=2)


def test_what_needs_more_care_takes_two_and_never_fewer_than_the_house_says() -> None:
    careful = [
        quorum.needed(FAIR, job(), 3, flagged=True),
        quorum.needed(FAIR, job(), 2, flagged=False),
        quorum.needed(FAIR, job(task=Task.IMAGE), 3, flagged=False),
        quorum.needed(FAIR, job(task=Task.FRAMES), 3, flagged=False),
        quorum.needed(FAIR, job(task=Task.LOOP, first_key="k"), 3, flagged=False),
        quorum.needed(FAIR, job(last_key="k"), 3, flagged=False),
    ]
    assert set(careful) == {Needed(2, 2)}
    strict = Rules(quorum=3, second_opinion=True, newcomer_publications=3)
    assert quorum.needed(strict, job(), 0, flagged=True) == Needed(3, 3)


def test_an_appeal_takes_two_both_ways() -> None:
    appealed = job(status=Status.APPEALED)
    assert quorum.needed(FAIR, appealed, 3, flagged=False) == Needed(2, 2)


def test_one_no_decides_nothing_and_a_second_one_does() -> None:
    needed = Needed(1, 2)
    first, second = review(1, NO), review(2, NO)
    assert quorum.decide([first], CLIPS, needed) is None
    assert quorum.is_one_no([first])
    assert quorum.decide([first, first], CLIPS, needed) is None, "one person said it twice"
    decision = quorum.decide([first, second], CLIPS, needed)
    assert decision is not None
    assert decision.verdict is NO


def test_a_yes_and_a_no_are_for_the_hosts_of_whom_one_decides() -> None:
    needed, said = Needed(1, 2), [review(1, NO), review(2, YES)]
    assert quorum.is_split(said, CLIPS, needed)
    assert quorum.decide(said, CLIPS, None) is None
    for verdict in Verdict:
        decision = quorum.decide([*said, review(1, verdict, alone=True)], CLIPS, None)
        assert decision is not None
        assert decision.verdict is verdict


def test_who_says_yes_to_one_clip_and_no_to_the_other_agrees_with_themselves() -> None:
    said = [review(1, NO, 1), review(1, NO, 2), review(1, YES, 2)]
    assert not quorum.is_split(said, CLIPS, Needed(2, 2))


def test_a_split_over_one_clip_is_for_the_hosts() -> None:
    said = [review(1, NO, 1), review(2, YES)]
    assert quorum.is_split(said, CLIPS, Needed(1, 2))


@given(reviews, needs)
def test_a_verdict_has_enough_people_behind_it_and_nobody_twice(
    said: Sequence[Review], needed: Needed
) -> None:
    decision = quorum.decide(said, CLIPS, needed)
    if decision is None:
        return
    decided = decision.shown if decision.verdict is YES else CLIPS
    for clip in decided:
        behind = {
            r.person_id
            for r in said
            if r.verdict is decision.verdict and (not r.clips or clip in r.clips)
        }
        assert len(behind) >= (needed.yes if decision.verdict is YES else needed.no)


@given(reviews, needs, st.booleans())
def test_what_is_decided_is_decided_once(
    said: Sequence[Review], needed: Needed, alone: bool
) -> None:
    """Whatever is said afterwards, by whomever: the clips on which a verdict stands keep it."""
    more = review(9, NO, alone=alone)
    for clip in CLIPS:
        one = frozenset({clip})
        before = quorum.decide(said, one, needed)
        if before is not None:
            assert quorum.decide([*said, more], one, needed) == before


@given(reviews, needs)
def test_where_people_agree_their_order_makes_no_difference(
    said: Sequence[Review], needed: Needed
) -> None:
    for verdict in Verdict:
        same = [review(r.person_id, verdict, *r.clips) for r in said]
        assert quorum.decide(same, CLIPS, needed) == quorum.decide(same[::-1], CLIPS, needed)


@given(reviews, needs)
def test_nobody_decides_over_somebody_elses_head(said: Sequence[Review], needed: Needed) -> None:
    """Until a decision stands, every clip is either agreed on so far or for the hosts."""
    if quorum.decide(said, CLIPS, needed) is None and not quorum.is_split(said, CLIPS, needed):
        for clip in quorum.undecided(said, CLIPS, needed):
            latest = {r.person_id: r.verdict for r in said if not r.clips or clip in r.clips}
            assert len(set(latest.values())) < 2


@given(reviews)
def test_only_hosts_decide_what_is_with_them(said: Sequence[Review]) -> None:
    assert quorum.decide(said, CLIPS, None) is None


@given(reviews, needs)
def test_what_was_taken_down_comes_back_by_others_alone(
    said: Sequence[Review], needed: Needed
) -> None:
    taken_down = job(person_id=4)
    against = review(1, NO)
    if quorum.reinstates([against, *said], taken_down, needed):
        for_it = {r.person_id for r in said if r.verdict is YES} - {1, 4}
        assert len(for_it) >= needed.yes
