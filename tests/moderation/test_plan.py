"""Which task a wish is, which model takes it, and what growing out of a clip asks for."""

from __future__ import annotations

from typing import Any

import pytest

from db.models import Clip, Job
from db.offers import Draft, Offer, Range, StyleOffer
from db.states import Descent, Task
from moderation import growth
from moderation.plan import plan, roots_of, wish_of
from moderation.rules import Refused
from moderation.wish import Picture, Wish
from tests.support.studio import OFFER, request

CAT, DOG = Picture("a" * 64 + ".png", 640, 360), Picture("b" * 64 + ".jpg", 100, 100)
INK = StyleOffer(
    name="ink",
    title="Ink",
    owner="Ada",
    licence="CC-BY-4.0",
    strength=Range(low=0, high=1.5, default=1),
)


def offer(name: str, *tasks: Task, **more: Any) -> Offer:
    return OFFER.model_copy(
        update={"name": name, "title": name.title(), "tasks": tasks or (Task.TEXT,), **more}
    )


WORDS = offer("words")
STILLS = offer("stills", Task.IMAGE, Task.EXTEND)
ALL = offer("all", *Task, styles=(INK,), draft=Draft(steps=2, scale=0.5))


def planned(*offers: Offer, **wish: Any) -> Job:
    return plan(Wish("a red circle", **wish), request(), 1, offers)


def refusal(*offers: Offer, **wish: Any) -> str:
    with pytest.raises(Refused) as refused:
        planned(*offers, **wish)
    return str(refused.value)


@pytest.mark.parametrize(
    ("wish", "task", "first", "last"),
    [
        ({}, Task.TEXT, "", ""),
        ({"loop": True}, Task.LOOP, "", ""),
        ({"image": CAT}, Task.IMAGE, CAT.key, ""),
        ({"image": CAT, "last": DOG}, Task.FRAMES, CAT.key, DOG.key),
        ({"image": CAT, "loop": True}, Task.LOOP, CAT.key, ""),
    ],
)
def test_what_is_given_says_the_task(
    wish: dict[str, Any], task: Task, first: str, last: str
) -> None:
    job = planned(ALL, **wish)
    assert (job.task, job.first_key, job.last_key) == (task, first, last)
    again = plan(wish_of(job), request(), 1, [ALL], roots_of(job))
    assert (again.task, again.first_key, again.last_key) == (task, first, last)


def test_without_a_name_the_first_model_that_can_is_taken() -> None:
    assert planned(WORDS, STILLS, ALL).model == "words"
    assert planned(WORDS, STILLS, ALL, image=CAT).model == "stills"
    assert planned(WORDS, STILLS, ALL, loop=True).model == "all"
    assert planned(WORDS, ALL, style="ink:0.8").model == "all"
    assert planned(STILLS, WORDS).model == "words"


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        (
            {"model": "words", "image": CAT},
            "Words can't start from a picture; stills and all can.",
        ),
        ({"model": "stills"}, "Stills can't start from words alone; words and all can."),
        ({"model": "words", "loop": True}, "Words can't make a loop; all can."),
        ({"last": DOG}, "last is the picture it ends with; give the one it begins with as image."),
        (
            {"image": CAT, "last": DOG, "loop": True},
            "A loop ends where it begins; leave out loop or last.",
        ),
        ({"style": "oil"}, "Words has no style “oil”; it has none."),
        ({"model": "all", "style": "oil:2"}, "All has no style “oil”; choose ink."),
        ({"style": "ink:much"}, "A style's strength is a number, as in ink:1."),
        ({"style": "ink:9"}, "the strength of ink is 0 to 1.5, not 9."),
        ({"style": "ink:nan"}, "the strength of ink is 0 to 1.5, not nan."),
        ({"strength": 0.5}, "strength is for a clip that is redrawn; leave it out here."),
    ],
)
def test_what_can_not_be_is_told_with_what_can(wish: dict[str, Any], said: str) -> None:
    assert refusal(WORDS, STILLS, ALL, **wish) == said


def test_where_nobody_can_it_says_so() -> None:
    assert refusal(WORDS, image=CAT) == "No model here can start from a picture."
    assert refusal(WORDS, model="words", loop=True) == "Words can't make a loop, nor can others."


def test_a_draft_is_smaller_and_quicker_unless_the_final_is_asked_for() -> None:
    draft, final = planned(ALL, steps=20), planned(ALL, steps=20, final=True)
    assert (draft.draft, draft.width, draft.height) == (True, 32, 32)
    assert (draft.steps, draft.final_steps) == (2, 20)
    assert (final.draft, final.width, final.steps, final.final_steps) == (False, 64, 20, 20)
    assert not planned(WORDS, final=True).draft
    assert planned(ALL, steps=1).steps == 1


def test_a_picture_chooses_the_shape_that_cuts_least_off_it() -> None:
    assert planned(ALL, image=CAT).aspect == "16:9"
    assert planned(ALL, image=DOG).aspect == "1:1"
    assert planned(ALL, image=CAT, aspect="1:1").aspect == "1:1"
    assert planned(ALL, image=Picture(CAT.key)).aspect == "1:1"


def test_the_longest_clip_can_be_asked_for_again_whatever_the_rule_made_of_it() -> None:
    odd = offer("odd", *Task, frames_rule=(4, 1))
    job = planned(odd, duration=4.0)
    assert job.frames == 33
    assert plan(wish_of(job), request(), 1, [odd]).frames == 33
    assert refusal(odd, duration=4.1) == "duration is 1 to 4 seconds, not 4.1."


def rendered(**wish: Any) -> tuple[Job, Clip]:
    job = planned(ALL, **{"seed": 7, "variations": 2, **wish})
    job.id = 3
    clip = Clip(job_id=3, number=2, seed=8, video_key="v", poster_key="p", preview_key="w", bytes=1)
    return job, clip


def test_a_variation_is_the_same_wish_near_one_clip() -> None:
    job, clip = rendered(image=CAT, style="ink:0.8", guidance=3.0)
    varied = growth.varied(job, clip, request(), 1, [ALL], 0.35)
    same = {"prompt", "model", "task", "first_key", "style", "style_strength", "guidance", "draft"}
    assert varied.model_dump(include=same) == job.model_dump(include=same)
    assert (varied.near, varied.vary, varied.variations) == ([[8, 1.0]], 0.35, 2)
    assert (varied.parent_id, varied.parent_clip, varied.descent) == (3, 2, Descent.VARY)
    with pytest.raises(Refused, match=r"A variation goes 0.05 to 1 away, not 0\."):
        growth.varied(job, clip, request(), 1, [ALL], 0)


def test_what_varies_a_variation_stays_near_that_and_not_where_it_came_from() -> None:
    job, clip = rendered()
    varied = growth.varied(job, clip, request(), 1, [ALL], 0.35)
    varied.id = 4
    near = clip.model_copy(update={"job_id": 4, "number": 1, "seed": 60})
    again = growth.varied(varied, near, request(), 1, [ALL], 0.1)
    assert (again.near, again.vary) == ([[8, 1.0], [60, 0.35]], 0.1)


def test_a_clip_is_extended_in_the_same_words_and_redrawn_in_others() -> None:
    job, clip = rendered(image=CAT)
    extended = growth.extended(job, clip, request(), 1, [ALL])
    assert (extended.task, extended.first_key) == (Task.EXTEND, "")
    assert (extended.source_id, extended.source_clip, extended.prompt) == (3, 2, "a red circle")
    redrawn = growth.redrawn(job, clip, request(), 1, [ALL], Wish("a cube", guidance=5.0))
    assert (redrawn.task, redrawn.strength, redrawn.prompt) == (Task.VIDEO, 0.7, "a cube")
    assert (redrawn.guidance, redrawn.first_key, redrawn.frames) == (5.0, "", job.frames)
    assert (redrawn.parent_id, redrawn.descent) == (3, Descent.REDRAW)


def test_the_final_of_a_clip_has_its_seed_and_the_full_size_and_steps() -> None:
    job, clip = rendered(steps=20, duration=3.0)
    final = growth.final(job, clip, request(), 1, [ALL])
    assert (final.seed, final.variations, final.draft) == (8, 1, False)
    assert (final.width, final.steps, final.frames) == (64, 20, job.frames)
    with pytest.raises(Refused, match="Job 3 is no draft"):
        growth.final(final.model_copy(update={"id": 3}), clip, request(), 1, [ALL])


def test_what_grew_keeps_its_roots_when_it_grows_on() -> None:
    job, clip = rendered()
    extended = growth.extended(job, clip, request(), 1, [ALL])
    extended.id = 4
    next_clip = clip.model_copy(update={"job_id": 4, "number": 1, "seed": 50})
    varied = growth.varied(extended, next_clip, request(), 1, [ALL], 0.2)
    assert (varied.task, varied.source_id, varied.source_clip) == (Task.EXTEND, 3, 2)
    assert (varied.parent_id, varied.parent_clip, varied.near) == (4, 1, [[50, 1.0]])
    varied.id = 5
    last = clip.model_copy(update={"job_id": 5, "number": 1, "seed": 90})
    final = growth.final(varied, last, request(), 1, [ALL])
    assert (final.seed, final.near, final.vary, final.source_id) == (90, [[50, 1.0]], 0.2, 3)
    again = roots_of(final)
    assert (again.parent, again.descent, again.source) == (None, None, (3, 2))
