"""The statement of reasons that goes with every no: by which rule, what was found, who decided, and
what its artist can do about it."""

from __future__ import annotations

from collections.abc import Mapping

from bot import judged
from bot.card import Line
from bot.view import View
from db.models import Review
from db.states import Reason, Status, Verdict
from moderation import rules
from moderation.words import listed

RULE: Mapping[Reason, str] = {
    Reason.SEXUAL: "what is sexual isn't shown",
    Reason.GORE: "blood and cruelty aren't shown",
    Reason.LIKENESS: "a real person is shown only where they agree",
    Reason.COPYRIGHT: "somebody else's work isn't shown without their leave",
    Reason.HATE: "nobody is to be hated or harassed",
    Reason.SPAM: "advertising, and the same over and over, isn't shown",
}
"""What the showcase is to be free of; of any other reason the moderators' own sentence says it."""
FINAL = "An appeal is decided for good."


def statement(view: View) -> list[Line]:
    """For its artist, of a job that is not in the showcase or only in part."""
    if view.job.status is Status.APPEALED:
        return judged.decisions(view)
    noes = _noes(view)
    broken = dict.fromkeys(review.reason or Reason.OTHER for _, review in noes)
    lines = [Line(f"The rule: {RULE[reason]}.") for reason in broken if reason in RULE]
    lines += judged.decisions(view)
    if noes:
        names = list(dict.fromkeys(name for name, _ in noes))
        who = "a person" if len(names) == 1 else "people"
        lines.append(Line(f"Decided by {who} ({listed(names, 'and')}), not by a machine."))
    if view.job.status is Status.REJECTED:
        lines.append(
            Line(
                "You may appeal once, to moderators who never reviewed it, until",
                at=rules.appeal_until(view.job),
            )
        )
    elif view.job.status is Status.REJECTED_FINALLY:
        lines.append(Line(FINAL))
    return lines


def _noes(view: View) -> list[tuple[str, Review]]:
    """Those that were given in the round that decided."""
    last = max((review.round for _, review in view.reviews), default=0)
    return [
        (name, review)
        for name, review in view.reviews
        if review.round == last and review.verdict is Verdict.REJECT
    ]
