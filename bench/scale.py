"""How far a studio goes: 100,000 members, 50 servers, 20 graphics cards.

``python -m bench.scale`` simulates days of such a community at several loads. Who is next, what is
promised and who is refused is decided by the studio's own code; how long renders take is published by
the models' makers, and who asks when is assumed. Then it measures what each part costs for a wish, and
says at how many wishes an hour which part has no more to give. Both tables are those of
docs/operating.md.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import quantiles

from bench import demand, unit_costs
from bench.demand import DAY, HOUR, MEAN_SECONDS
from bench.figures import published
from bench.report import NONE, Figure, main, say
from bench.simulation import Nature, Served, Simulation, cards
from bench.unit_costs import Costs
from bot.feed import SECONDS_PER_RECEIPT
from bot.on_slack.pacer import CHANNEL_SECONDS, PER_MINUTE, TIER_3
from db import speed
from db.speed import Render
from db.states import Purpose
from tests.doubles.on_discord.buckets import GLOBAL
from tests.doubles.on_discord.buckets import LIMITS as ROUTES

LARGE, SMALL = 14, 6
"""Cards that have every model, and those of 24 GB."""
SERVERS = 50
LOADS = (0.5, 0.8, 0.95, 1.2)
DAYS, QUICK_DAYS = 1, 0.5
PROMISES = 300
"""So many forecasts are noted in each simulation, or as many as there are wishes."""
HEAVY = 10
"""Whoever asked for so many within a day asks for much."""
ROOMS, LONG = 3, 1000
PAGES = 20
"""Looked at for each wish."""
REVIEWS_PER_HOUR = 60
"""Of one moderator, unless a studio's host says otherwise."""
PUBLIC = Purpose.REVIEW, Purpose.SHOWCASE
OWN = Purpose.RECEIPT, Purpose.RESULT, Purpose.DECISION
REACTING = "PUT /channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}/@me"
SEED = 7
LIMIT_SECONDS = 1800.0


@dataclass(frozen=True, slots=True)
class Days:
    """How one load went."""

    load: float
    simulation: Simulation
    days: float

    def waits(self, heavy: bool) -> list[float]:
        """Minutes that wishes waited until they were rendered: of people who asked once in all, or often."""
        asked = self.simulation.asked
        return [
            each.waited / 60
            for each in self.simulation.served
            if (asked[each.person] >= HEAVY * self.days if heavy else asked[each.person] == 1)
        ]

    @property
    def eta_error(self) -> float:
        """Of what was promised, in percent."""
        error = speed.eta_error([_as_render(each) for each in self.simulation.served])
        return 100 * (error or 0.0)

    @property
    def busy(self) -> float:
        return self.simulation.busy / (len(self.simulation.workers) * self.days * DAY)


async def measure(quick: bool) -> list[Figure]:
    days = QUICK_DAYS if quick else DAYS
    went = [simulated(load, days) for load in LOADS]
    say("\n".join(_table_of_days(went)))
    costs = await unit_costs.measured(quick)
    parts = sorted(_parts(costs), key=lambda part: part.most)
    say("\n".join(_table_of_parts(parts)))
    say(_growth(costs))
    usual = went[1]
    machine = next(part for part in parts if part.ours)
    return [
        published("scale: first jobs overtaken", sum(d.simulation.overtaken for d in went)),
        published("scale: wait with one wish, p95", _hundredths(usual.waits(heavy=False))[94]),
        published("scale: error of the time that was promised", usual.eta_error),
        published("scale: the studio's own first limit", machine.most, machine.name),
    ]


def simulated(load: float, days: float) -> Days:
    """So many days at this share of what the cards can render while they are there."""
    chance, nature = random.Random(SEED), Nature()  # noqa: S311  # no secret
    per_day = load * _cards_there(nature) * DAY / MEAN_SECONDS
    say(f"scale: {days} days at {load:.0%}, {per_day:,.0f} wishes a day")
    noted = min(PROMISES / (per_day * days), 1.0)
    simulation = Simulation(cards(LARGE, SMALL), chance, nature, noted)
    wishes = demand.wishes(chance, per_day, days * DAY)
    simulation.run(wishes, days * DAY, to_the_end=True)
    return Days(load, simulation, days)


def _cards_there(nature: Nature) -> float:
    return (LARGE + SMALL) * nature.there


def _as_render(served: Served) -> Render:
    return Render(demand.MODELS[0].shape, served.took, served.waited + served.took, served.promised)


def _table_of_days(went: Sequence[Days]) -> Iterator[str]:
    yield (
        "| load | wishes a day | refused | cards busy | longest line | one wish: wait p50 / p95 / p99 | "
        f"{HEAVY} a day and more | promised time off by | first jobs overtaken |"
    )
    yield "|---|---|---|---|---|---|---|---|---|"
    for one in went:
        simulation = one.simulation
        asked = len(simulation.served) + simulation.refused + simulation.waiting
        cells = [
            f"{one.load:.0%}",
            f"{asked / one.days:,.0f}",
            f"{simulation.refused / asked:.1%}",
            f"{one.busy:.0%}",
            f"{simulation.longest:,}",
            *(_three(one.waits(heavy)) for heavy in (False, True)),
            f"{one.eta_error:.0f} %",
            f"{simulation.overtaken}",
        ]
        yield f"| {' | '.join(cells)} |"


def _three(minutes: list[float]) -> str:
    if len(minutes) < 2:
        return NONE
    hundredths = _hundredths(minutes)
    return " / ".join(f"{max(hundredths[n], 0):,.1f}" for n in (49, 94, 98)) + " min"


def _hundredths(values: list[float]) -> list[float]:
    return quantiles(values, n=100, method="inclusive")


# ── which part has no more to give ───────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Part:
    """A part, what a wish takes of it, and how many wishes an hour are the most that it bears."""

    name: str
    takes: str
    most: float
    ours: bool = True
    """Whether it is of the studio: not people, cards or a platform's rule."""


def _parts(costs: Costs) -> Iterator[Part]:
    cards_there = _cards_there(Nature())
    yield Part(
        "moderators, each one on duty",
        f"{REVIEWS_PER_HOUR} decisions an hour",
        REVIEWS_PER_HOUR,
        False,
    )
    yield Part(
        f"{LARGE + SMALL} cards",
        f"{MEAN_SECONDS:.0f} s of one",
        cards_there * HOUR / MEAN_SECONDS,
        False,
    )
    for waiting, seconds in costs.claim.items():
        name = f"the claim, one at a time, {waiting:,} in line"
        yield Part(name, _ms(seconds), HOUR / seconds)
    told = costs.told + costs.rounds * costs.line[LONG]
    for rooms, name in ((ROOMS, f"one bot for {ROOMS} rooms"), (1, "one bot a room")):
        followed = rooms * costs.receipt / SECONDS_PER_RECEIPT
        yield Part(
            f"{name}, {LONG:,} in line",
            f"{_ms(costs.desk + rooms * told)}; receipts in line take {followed:.0%} of its time",
            max(1 - followed, 0.0) * HOUR / (costs.desk + rooms * told),
        )
    yield Part(
        "one core of PostgreSQL",
        f"{costs.transactions:.0f} transactions, {_ms(costs.database)}",
        HOUR / costs.database,
    )
    yield Part("one bot's pages", f"{PAGES} of {_ms(costs.page)}", HOUR / (PAGES * costs.page))
    yield from _platforms(costs)


def _platforms(costs: Costs) -> Iterator[Part]:
    review, showcase = (
        sum(costs.of(what, purpose) for what in ("shown", "edited", "seeds")) for purpose in PUBLIC
    )
    own = costs.of("shown", *OWN) + costs.of("edited", *OWN)
    for where, calls in {
        f"cards in {SERVERS} servers": SERVERS * (review + showcase) + own,
        f"moderators in one server, showcases in {SERVERS}": review + SERVERS * showcase + own,
    }.items():
        yield Part(
            f"Discord, {GLOBAL} requests a second, {where}",
            f"{calls:,.0f} requests", GLOBAL * HOUR / calls, False,
        )  # fmt: skip
    one, seconds = ROUTES[REACTING]
    seeds = costs.of("seeds", Purpose.REVIEW)
    yield Part(
        f"one Discord channel for moderators, a reaction in {seconds} s",
        f"{seeds:.0f} reactions", one / seconds * HOUR / seeds, False,
    )  # fmt: skip
    posts, seconds = ROUTES["POST /channels/{channel_id}/messages"]
    showcase, edited = costs.of("shown", Purpose.SHOWCASE), costs.of("edited", *PUBLIC)
    yield Part(
        f"one Discord channel, {posts} messages in {seconds:.0f} s",
        f"{showcase:.0f} message", posts / seconds * HOUR / showcase, False,
    )  # fmt: skip
    yield Part(
        f"one Slack channel, a message in {CHANNEL_SECONDS} s",
        f"{showcase:.0f} message", HOUR / CHANNEL_SECONDS / showcase, False,
    )  # fmt: skip
    yield Part(
        f"edits in one Slack workspace, {TIER_3} a minute",
        f"{edited:.1f} edits", TIER_3 * 60 / edited, False,
    )  # fmt: skip
    files = costs.of("files", *PUBLIC)
    most = PER_MINUTE["files.getUploadURLExternal"]
    yield Part(
        f"uploads in one Slack workspace, {most} a minute",
        f"{files:.0f} files", most * 60 / files, False,
    )  # fmt: skip


def _growth(costs: Costs) -> str:
    clips = sum(model.clips * model.share for model in demand.MODELS)
    media, a_day = clips * costs.clip_bytes, _cards_there(Nature()) * DAY / MEAN_SECONDS
    return (
        f"A wish leaves {media / 1e6:.1f} MB of media and {costs.database_bytes / 1e3:.0f} kB in the "
        f"database; {a_day:,.0f} a day are {a_day * media / 1e9:,.0f} GB and "
        f"{a_day * costs.database_bytes / 1e6:,.0f} MB."
    )


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:,.0f} ms"


def _table_of_parts(parts: Sequence[Part]) -> Iterator[str]:
    yield "| part | a wish takes | full at wishes an hour |"
    yield "|---|---|---|"
    for part in parts:
        yield f"| {part.name} | {part.takes} | {part.most:,.0f} |"


if __name__ == "__main__":
    main("scale", __doc__, measure, LIMIT_SECONDS)
