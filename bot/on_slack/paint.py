"""From cards to Slack's blocks. What is said is the card's; here is how it looks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from bot.by_sign import is_pressed, legend, press_of, state
from bot.card import Button, Card, Fact, Line, Tone
from bot.on_slack.text import Json, cut, date, escaped, label, moment, plain, quote
from bot.press import Press
from bot.signs import NEEDS_SENTENCE, Sign
from db.states import Purpose

MOST_BLOCKS = 50
TITLE_LIMIT, BUTTON_LIMIT, ALT_LIMIT, SECTION_LIMIT, TEXT_LIMIT = 150, 75, 2000, 3000, 3000
PROMPT_LIMIT, SAID_LIMIT, FACTS_LIMIT, FACT_LIMIT = 1000, 500, 1900, 300
MOST_RUNS = 8
"""Of facts; a context holds ten things in all."""
MOST_LINES = 12
BUTTONS_PER_ROW = 5
ONLY_MODERATORS = (
    "Only moderators' reactions count; I can't take a reaction off in Slack, so go by what the card "
    "says."
)
SIGNS = {Tone.WAITING: "🟡", Tone.WORKING: "🔵", Tone.GOOD: "🟢", Tone.BAD: "🔴", Tone.QUIET: "⚪"}
"""Blocks have no colour of their own."""


def paint(card: Card, pictures: Mapping[str, str]) -> list[Json]:
    """The blocks of a card; ``pictures``: ids of files in Slack by what they show: ``clip-1``,
    ``first``, ``last``, ``preview``."""
    blocks: list[Json] = [{"type": "header", "text": plain(_title(card), TITLE_LIMIT)}]
    blocks.append(quote(card.quote, PROMPT_LIMIT))
    for line in card.lines[-MOST_LINES:]:
        blocks += sentences(line)
    if said := state(card, moment):
        blocks.append(_markup("\n".join(said)))
    if card.clips:
        blocks.append({"type": "section", "text": plain(_where_to_play(card), SECTION_LIMIT)})
    blocks += _pictures(card, pictures)
    blocks += _small(card)
    blocks += _rows(card)
    return blocks


def fallback(card: Card) -> str:
    """What notifications and screen readers say."""
    state = f" {cut(card.lines[0].text, SAID_LIMIT)}" if card.lines else ""
    return escaped(f"{cut(card.title, TITLE_LIMIT)}.{state} “{card.quote}”", TEXT_LIMIT)


def sentence(text: str, *buttons: Json) -> list[Json]:
    """One sentence of ours, and what can be pressed under it."""
    blocks: list[Json] = [{"type": "section", "text": plain(text, SECTION_LIMIT)}]
    if buttons:
        blocks.append({"type": "actions", "elements": list(buttons)})
    return blocks


def pings(named: Sequence[str]) -> Json:
    """A block that pings people or groups; ``named``: as Slack writes them between < and >."""
    return _markup(" ".join(f"<{one}>" for one in named))


def button(press: Press, text: str, *, strong: bool = False, danger: bool = False) -> Json:
    made: Json = {"type": "button", "text": label(text, BUTTON_LIMIT), "action_id": str(press)}
    if strong or danger:
        made["style"] = "danger" if danger else "primary"
    return made


def _title(card: Card) -> str:
    by = f" · by {card.artist}" if card.purpose is Purpose.REVIEW else ""
    return f"{SIGNS[card.tone]} {card.title}{by}"


def sentences(line: Line) -> list[Json]:
    """One sentence of ours, which may hold somebody's name, and people's own words after it."""
    said: list[Json] = [{"type": "text", "text": cut(line.text, SECTION_LIMIT - 100) or " "}]
    if line.at:
        said += [{"type": "text", "text": " ("}, date(line.at), {"type": "text", "text": ")"}]
    inner = {"type": "rich_text_section", "elements": said}
    blocks: list[Json] = [{"type": "rich_text", "elements": [inner]}]
    # Slack can't hide words; what the screen found stands in the prompt as well.
    return [*blocks, quote(line.said, SAID_LIMIT)] if line.said and not line.covered else blocks


def _where_to_play(card: Card) -> str:
    many = {1: "The clip is", 2: "Both clips are"}
    which = many.get(len(card.clips), f"All {len(card.clips)} clips are")
    return f"▶ {which} in this message's thread."


def _pictures(card: Card, pictures: Mapping[str, str]) -> list[Json]:
    wanted = [(picture.which, picture.label) for picture in card.pictures]
    if card.preview_key:
        wanted.append(("preview", "What it looks like so far"))
    if not card.spoiler:  # what waits for review is in the thread alone
        wanted += [(f"clip-{c.number}", f"Clip {c.number}: {card.quote}") for c in card.clips]
    return [
        {"type": "image", "slack_file": {"id": pictures[which]}, "alt_text": cut(alt, ALT_LIMIT)}
        for which, alt in wanted
        if which in pictures
    ]


def _small(card: Card) -> list[Json]:
    elements = _facts(card.facts)
    if meant := legend(card):
        elements += [plain(meant, 1000), plain(ONLY_MODERATORS, 1000)]
    return [{"type": "context", "elements": elements}] if elements else []


def _facts(facts: Sequence[Fact]) -> list[Json]:
    """Those with a link stand by themselves: only they are markup, and they hold nobody's words."""
    runs: list[list[Fact]] = []
    room = FACTS_LIMIT
    for fact in _parted(facts):
        room -= len(fact.name) + len(fact.value[:FACT_LIMIT]) + 4
        if room < 0:
            break
        if not runs or fact.link or runs[-1][-1].link:
            if len(runs) == MOST_RUNS:
                break
            runs.append([])
        runs[-1].append(fact)
    return [_linked(run[0]) if run[0].link else _plainly(run) for run in runs]


def _parted(facts: Sequence[Fact]) -> Iterator[Fact]:
    """What names a job may name its artist too: its link is a fact of its own."""
    for fact in facts:
        yield replace(fact, link="") if fact.job else fact
        if fact.job and fact.link:
            yield Fact("see", f"job {fact.job}", fact.link)


def _plainly(run: Sequence[Fact]) -> Json:
    text = " · ".join(f"{fact.name} {cut(fact.value, FACT_LIMIT)}" for fact in run)
    return {"type": "plain_text", "text": text, "emoji": False}


def _linked(fact: Fact) -> Json:
    text = f"{fact.name} <{fact.link}|{escaped(fact.value, FACT_LIMIT)}>"
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _rows(card: Card) -> list[Json]:
    made = [_button(card, one) for one in card.buttons if is_pressed(card, one)]
    return [
        {"type": "actions", "elements": made[start : start + BUTTONS_PER_ROW]}
        for start in range(0, len(made), BUTTONS_PER_ROW)
    ]


def _button(card: Card, one: Button) -> Json:
    made = button(press_of(card, one), one.label, strong=one.strong, danger=one.danger)
    if one.asks and one.sign not in NEEDS_SENTENCE and one.sign is Sign.WITHDRAW:
        made["confirm"] = {
            "title": label("Are you sure?", 100),
            "text": label(one.asks, 300),
            "confirm": label("Yes, withdraw", 30),
            "deny": label("No", 30),
            "style": "danger",
        }
    return made


def _markup(text: str) -> Json:
    """Markup of ours; people's words in it are escaped."""
    text = text.strip() or " "
    return {
        "type": "section",
        "text": {"type": "mrkdwn", "text": cut(text, SECTION_LIMIT), "verbatim": True},
    }
