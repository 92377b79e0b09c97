"""What must hold of consent, whatever people did: asked of the rows alone."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from db.models import Clip, Consent, Job
from db.states import Flag, Kind, Status, Verdict
from moderation.people import Person
from moderation.rules import may_see

if TYPE_CHECKING:
    from tests.moderation.promises import Snapshot


class Leave:
    """Nothing is shown or decided about against its artist's word, and every word is kept."""

    def __init__(self, seen: Snapshot, before: Snapshot, cast: Collection[Person]) -> None:
        self.seen, self.before, self.cast = seen, before, cast

    def hold(self) -> None:
        assert self.seen.consents[: len(self.before.consents)] == self.before.consents
        for job_id, job in self.seen.jobs.items():
            self.what_is_public_has_a_clip_that_may_be(job)
            for clip in self.seen.clips[job_id]:
                self.it_is_shown_to_whom_its_artist_lets(job, clip)
                self.it_came_into_the_showcase_by_a_review(job, clip)
                self.history_says_how_it_stands(clip)
        self.only_what_is_public_and_allowed_is_exported()
        self.the_feed_is_what_is_public_and_allowed_elsewhere()
        for row in self.seen.consents[len(self.before.consents) :]:
            self.it_was_its_artists_word(row)

    def what_is_public_has_a_clip_that_may_be(self, job: Job) -> None:
        made = self.seen.clips[job.id]
        if job.status is Status.PUBLISHED:
            assert any(clip.shown for clip in made), "published, with nothing to see"
        if job.status is Status.IN_REVIEW:
            assert any(clip.showcase for clip in made), "in review, with nothing to decide"

    def it_is_shown_to_whom_its_artist_lets(self, job: Job, clip: Clip) -> None:
        assert clip.showcase or not clip.shown, "shown against its artist's word"
        others = [person for person in self.cast if person.id != job.person_id]
        seen = any(may_see(person, job, clip) for person in others)
        assert clip.showcase or not seen, "seen by others against its artist's word"

    def it_came_into_the_showcase_by_a_review(self, job: Job, clip: Clip) -> None:
        """Of its own: what moderators said of the others says nothing of it."""
        earlier = {old.number: old.shown for old in self.before.clips.get(job.id, ())}
        if not clip.shown or earlier.get(clip.number):
            return
        news = self.seen.events[job.id][len(self.before.events.get(job.id, ())) :]
        assert {event.kind for event in news} & {Kind.APPROVED, Kind.OVERTURNED}, "shown unasked"
        said = [r for r in self.seen.reviews if (r.job_id, r.round) == (job.id, job.round)]
        yes = [r for r in said if r.verdict is Verdict.APPROVE]
        assert any(not r.clips or clip.number in r.clips for r in yes), "shown without a review"
        began = {row.flag: row.given for row in self.rows(clip) if row.by_default}
        if not began.get(Flag.SHOWCASE, False):
            first = next(row for row in self.rows(clip) if row.flag is Flag.SHOWCASE)
            assert any(r.at >= first.at for r in yes), "reviewed before its artist let them see it"

    def history_says_how_it_stands(self, clip: Clip) -> None:
        last = {row.flag: row.given for row in self.rows(clip)}
        for flag in Flag:
            assert getattr(clip, flag) is last.get(flag, False), f"history knows another {flag}"

    def only_what_is_public_and_allowed_is_exported(self) -> None:
        for job_id, number in self.seen.dataset:
            clip = next(clip for clip in self.seen.clips[job_id] if clip.number == number)
            assert clip.dataset, "exported against its artist's word"
            public = self.seen.jobs[job_id].status is Status.PUBLISHED
            assert public, "exported of what isn't public"
            assert clip.shown, "exported from outside the showcase"

    def the_feed_is_what_is_public_and_allowed_elsewhere(self) -> None:
        """All of that, once their files say what they must, and nothing else."""
        allowed = {
            (job_id, clip.number)
            for job_id, job in self.seen.jobs.items()
            for clip in self.seen.clips[job_id]
            if job.status is Status.PUBLISHED
            if clip.shown and clip.showcase and clip.elsewhere and clip.signed
        }
        assert sorted(self.seen.outside) == sorted(allowed), "another feed than its artists allow"
        assert self.seen.handed_out == allowed, "files go out that their artists don't let out"

    def it_was_its_artists_word(self, row: Consent) -> None:
        assert row.person_id == self.seen.jobs[row.job_id].person_id, "somebody else's word"
        if row.by_default:
            assert row.given
            assert row.job_id not in {old.job_id for old in self.before.consents}

    def rows(self, clip: Clip) -> list[Consent]:
        about = (clip.job_id, clip.number)
        return [row for row in self.seen.consents if (row.job_id, row.clip) == about]
