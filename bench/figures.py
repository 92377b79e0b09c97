"""What is published, as data: the rows of the README's table, their figures and limits.

A bench says ``published(name, value)`` of a figure that is here, so each limit is written once. A name
begins with the bench that measures it.
"""

from __future__ import annotations

from dataclasses import dataclass

from bench.report import NONE, Figure

PAGE_MS = 50.0
"""In which a page is answered, nineteen times of twenty."""
ACK_MS = 3000.0
"""In which Discord and Slack want an answer."""


@dataclass(frozen=True, slots=True)
class Declared:
    """A figure before it is measured."""

    name: str
    unit: str
    at_most: float | None = None
    at_least: float | None = None

    @property
    def bench(self) -> str:
        return self.name.partition(":")[0]

    def measured(self, value: float, compared_with: str = "") -> Figure:
        return Figure(self.name, value, self.unit, compared_with, self.at_most, self.at_least)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the README: what it says, and of which figures."""

    what: str
    figures: tuple[Declared, ...]

    @property
    def aim(self) -> str:
        limits = [figure.measured(0).limit for figure in self.figures]
        return NONE if set(limits) == {NONE} else " / ".join(limits)

    @property
    def command(self) -> str:
        benches = dict.fromkeys(figure.bench for figure in self.figures)
        return ", ".join(f"`python -m bench.{name}`" for name in benches)


ROWS = (
    Row(
        "what the studio adds to a render, from the form sent to the review card in an open window; "
        "share of the small model's render and encoding; these two alone",
        (
            Declared("overhead: of one render", "ms", 150),
            Declared("overhead: share of one render", "%", 5),
            Declared("overhead: bare render and encoding", "s"),
        ),
    ),
    Row(
        "four variations of 4 s at 384 × 384; beside four calls of the plain pipeline (on two cores "
        "painting gains at most 50 %)",
        (
            Declared("generate: one job of four", "s"),
            Declared("generate: beside four plain calls", "%", 33),
        ),
    ),
    Row(
        "previews' share of a render",
        (Declared("generate: previews' share of a render", "%", 2),),
    ),
    Row(
        "MP4 of 81 frames at 832 × 480; beside bare PyAV with the same settings; with poster and "
        "preview",
        (
            Declared("encode: MP4 of 81 frames", "ms"),
            Declared("encode: beside bare PyAV", "%", 115),
            Declared("encode: all three files", "ms"),
        ),
    ),
    Row(
        "signing a clip's Content Credentials; beside encoding its three files",
        (
            Declared("encode: signing a clip", "ms"),
            Declared("encode: signing, beside encoding", "%"),
        ),
    ),
    Row(
        "from the render child's start to its first step; to its first clip",
        (
            Declared("renders: from the child's start to its first step", "s"),
            Declared("renders: from the child's start to its first clip", "s"),
        ),
    ),
    Row(
        "memory of the render child: at rest; after 12 jobs; what 200 jobs more add; the most it took",
        (
            Declared("memory: render child, model loaded", "MB"),
            Declared("renders: memory of the child after its first jobs", "MB"),
            Declared("renders: what many jobs more add to it", "MB", 60),
            Declared("renders: the most it took", "MB"),
        ),
    ),
    Row(
        "another model of this size until its first step",
        (Declared("renders: another model until its first step", "s"),),
    ),
    Row(
        "receipt, ten wishes a second, p50; p99",
        (
            Declared("receipts: ten a second, p50", "ms"),
            Declared("receipts: ten a second, p99", "ms", 250),
        ),
    ),
    Row(
        "receipt, 200 wishes in the same moment, p50; p99",
        (
            Declared("receipts: all at once, p50", "ms"),
            Declared("receipts: all at once, p99", "ms", 250),
        ),
    ),
    Row(
        "from a wish to its review card with a model that does nothing; beside what arq alone starts "
        "with the same settings",
        (
            Declared("lifecycles: all at once", "a second"),
            Declared("lifecycles: beside arq's rate, set up alike", "%"),
        ),
    ),
    Row(
        "memory of the bot; of torch in it",
        (
            Declared("memory: bot", "MB", 150),
            Declared("memory: torch in the bot", "MB", 0),
        ),
    ),
    Row(
        "start until the page answers: in an empty folder; again",
        (
            Declared("startup: first start, page", "s", 10),
            Declared("startup: second start, page", "s", 10),
        ),
    ),
    Row(
        "place and time of everybody, 1,000 jobs in line",
        (Declared("desk: places and ETAs", "ms"),),
    ),
    Row(
        "Discord: 200 `/sora` in the same moment, answered, p50; p99; after 3 s",
        (
            Declared("discord_room: answered, p50", "ms"),
            Declared("discord_room: answered, p99", "ms", ACK_MS),
            Declared("discord_room: answered after 3 s", "wishes", 0),
        ),
    ),
    Row(
        "until the last of those 200 sees its receipt",
        (Declared("discord_room: until the last receipt is shown", "s"),),
    ),
    Row(
        "1,000 votes by reaction on one card until it shows all; its edits; those beyond one in 5 s",
        (
            Declared("discord_room: votes until the card shows all", "s"),
            Declared("discord_room: edits of the card for them", "edits"),
            Declared("discord_room: edits beyond one in 5 s", "edits", 0),
        ),
    ),
    Row(
        "memory of the bot, at rest in 1,000 servers",
        (Declared("discord_room: memory of the bot in many servers", "MB", 200),),
    ),
    Row(
        "Slack: 200 `/sora` in the same moment, acknowledged, p50; p99; after 3 s; until the last is "
        "told of their job",
        (
            Declared("slack_room: acknowledged, p50", "ms"),
            Declared("slack_room: acknowledged, p99", "ms", ACK_MS),
            Declared("slack_room: acknowledged after 3 s", "wishes", 0),
            Declared("slack_room: until the last is told of their job", "s"),
        ),
    ),
    Row(
        "1,000 votes by reaction on one card, with 200 receipts being followed, until it shows all; its "
        "edits; those beyond one in 5 s; calls refused for coming too fast",
        (
            Declared("slack_room: votes until the card shows all", "s"),
            Declared("slack_room: edits of the card for them", "edits"),
            Declared("slack_room: edits beyond one in 5 s", "edits", 0),
            Declared("slack_room: refused for coming too fast", "calls", 0),
        ),
    ),
    Row(
        "pages with a million clips and ten million votes, p95: gallery; clip; record; ledger; a "
        "month's report",
        tuple(
            Declared(f"million: {page}", "ms", PAGE_MS)
            for page in ("gallery", "clip", "record", "ledger", "report of a month")
        ),
    ),
    Row(
        "what verbs cost there, beside an empty studio; a sweep",
        (
            Declared("million: verbs beside an empty studio", "×"),
            Declared("million: a sweep", "ms"),
        ),
    ),
    Row(
        "the record with a million entries, p95: page; page of a kind; of a job; a month's report; "
        "entries verified",
        (
            *(
                Declared(f"record: {page}", "ms", PAGE_MS)
                for page in ("page", "page of a kind", "page of a job", "report of a month")
            ),
            Declared("record: entries verified", "a second"),
        ),
    ),
    Row(
        "a clip's 1,000 descendants among 200,000 jobs, p95: drawn; told in chat",
        (
            Declared("lineage: drawn, p95", "ms", PAGE_MS),
            Declared("lineage: in chat, p95", "ms", PAGE_MS),
        ),
    ),
    Row(
        "what 1,000 more jobs add, over 10,000 through their whole life with a model that does nothing: "
        "memory of bot; worker; render child; broker; open files; threads; tasks; files of renders",
        (
            *(
                Declared(f"soak: memory of the {part}", "MB", 1)
                for part in ("bot", "worker", "render child", "broker")
            ),
            Declared("soak: open files", "files", 0),
            Declared("soak: threads", "threads", 0),
            Declared("soak: tasks", "tasks", 0),
            Declared("soak: files of renders left", "files", 0),
        ),
    ),
    Row(
        "days of 100,000 members at 20 cards, simulated: first jobs that a second one overtook; at 80 % "
        "load, the wait of people with one wish, p95; how far the promised time was off; at how many wishes an "
        "hour the first of the studio's own parts is full",
        (
            Declared("scale: first jobs overtaken", "jobs", 0),
            Declared("scale: wait with one wish, p95", "min"),
            Declared("scale: error of the time that was promised", "%"),
            Declared("scale: the studio's own first limit", "wishes an hour"),
        ),
    ),
    Row(
        "the screen of words, on 189 innocent and 124 other prompts: wrong; missed; time of one",
        (
            Declared("screen: innocent prompts in which anything is found", "%"),
            Declared("screen: missed of all that should be found", "%"),
            Declared("screen: one prompt", "ms", 1),
        ),
    ),
    Row(
        "the model, on combinations it never saw: shape; colour; motion; background right",
        (
            Declared("check_embedded: shape", "%", at_least=90),
            *(
                Declared(f"check_embedded: {aspect}", "%", at_least=95)
                for aspect in ("colour", "motion", "background")
            ),
        ),
    ),
)
DECLARED = {figure.name: figure for row in ROWS for figure in row.figures}


def published(name: str, value: float, compared_with: str = "") -> Figure:
    """A figure of the README, measured. Raises ``KeyError`` for one that is in no row."""
    return DECLARED[name].measured(value, compared_with)
