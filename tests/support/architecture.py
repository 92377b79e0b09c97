"""The rules of the house that only its source can show. Each offence says why the rule is there.

A rule takes one parsed file and yields its offences; tests/test_architecture.py runs every rule over
every file, and over a planted mistake.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeGuard

PACKAGES = ("bot", "gen", "moderation", "db")
MAX_LINES = 300
DOORS = ("settings.py", "__main__.py", "worker.py")
LOGS = {"debug", "info", "warning", "error", "exception", "critical", "log"}
BLOCKING = re.compile(
    r"time\.sleep|requests\.\w+|urllib\.request\.urlopen|os\.system|os\.wait\w*|input"
    r"|subprocess\.(run|call|check_call|check_output)|sqlite3\.connect|socket\.create_connection"
    r"|shutil\.(copy|copy2|copyfile|copytree|move|rmtree)"
)


@dataclass
class Source:
    """One file: its path inside the repository, its text and its tree."""

    path: str
    text: str
    tree: ast.Module = field(init=False)

    def __post_init__(self) -> None:
        self.tree = ast.parse(self.text)

    @property
    def package(self) -> str:
        return self.path.split("/")[0]

    @property
    def name(self) -> str:
        return self.path.rsplit("/", 1)[-1]

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()


Offence = tuple[int, str]
Rule = Callable[[Source], Iterator[Offence]]


def sources(root: Path) -> Iterator[Source]:
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            yield Source(path.relative_to(root).as_posix(), path.read_text())


def offences(rule: Rule, files: list[Source]) -> list[str]:
    return [f"{file.path}:{line}: {why}" for file in files for line, why in rule(file)]


# ── the rules ────────────────────────────────────────────────────────────────────────────


def status_moves_in_one_place(file: Source) -> Iterator[Offence]:
    why = (
        "a status changes only in db/jobs.py, as one guarded UPDATE with its event; assigned anywhere "
        "else, two processes can both believe they made the change, and nobody is told of it"
    )
    if file.path == "db/jobs.py":
        return
    for node in ast.walk(file.tree):
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(t, ast.Attribute) and t.attr == "status" for t in targets):
                yield node.lineno, why
        elif isinstance(node, ast.Call):
            called = dotted(node.func)
            by_values = called.endswith(".values") and _has_keyword(node, "status")
            by_name = called == "setattr" and _is_text(node.args[1:2], "status")
            if by_values or by_name:
                yield node.lineno, why


def commits_in_one_place(file: Source) -> Iterator[Offence]:
    why = (
        "Db.begin() is the only commit point: one verb is one transaction, so that a crash leaves "
        "either all of it or nothing; open it with `async with db.begin() as s:` and just leave"
    )
    if file.path in ("db/session.py", "db/migrations/env.py"):
        return
    for node in ast.walk(file.tree):
        if isinstance(node, ast.Call) and dotted(node.func).endswith(".commit"):
            yield node.lineno, why


def settings_come_from_the_door(file: Source) -> Iterator[Offence]:
    why = (
        "settings are built in a door (settings.py, __main__.py, worker.py) and passed down; a module "
        "that reads the environment by itself can't be tested or run twice in one process"
    )
    if file.path == "db/migrations/env.py":
        return  # alembic's own door: it is run, never imported
    at_import = list(_at_import(file.tree))
    reading = at_import if file.name in DOORS else list(ast.walk(file.tree))
    for node in reading:
        if _reads_environment(node):
            yield node.lineno, why
    for node in at_import:
        if isinstance(node, ast.Call) and re.search(r"(^|\.)\w*Settings$", dotted(node.func)):
            yield node.lineno, f"importing a module must read nothing: {why}"


def files_stay_small(file: Source) -> Iterator[Offence]:
    if "migrations/versions" not in file.path and len(file.lines) > MAX_LINES:
        yield (
            MAX_LINES + 1,
            f"{len(file.lines)} lines; over {MAX_LINES} a file holds more than one thought: split it by noun",
        )


def the_loop_is_never_blocked(file: Source) -> Iterator[Offence]:
    for function in ast.walk(file.tree):
        if not isinstance(function, ast.AsyncFunctionDef):
            continue
        for node in _own_nodes(function.body):
            if isinstance(node, ast.Call) and BLOCKING.fullmatch(dotted(node.func)):
                yield (
                    node.lineno,
                    f"{dotted(node.func)} inside `async def {function.name}` stops every room, heartbeat "
                    "and request until it returns; await an async form or use asyncio.to_thread",
                )


def bells_ring_in_one_place(file: Source) -> Iterator[Offence]:
    if file.path == "db/broker.py":
        return
    for node in ast.walk(file.tree):
        if isinstance(node, ast.Attribute) and node.attr == "enqueue_job":
            yield (
                node.lineno,
                "only db/broker.py enqueues: the queue is a bell with one serializer and one key per "
                "attempt, and changing the queue must mean changing one file",
            )


def broad_excepts_explain_themselves(file: Source) -> Iterator[Offence]:
    for node in ast.walk(file.tree):
        if not isinstance(node, ast.ExceptHandler) or not _is_broad(node.type):
            continue
        inside = [inner for statement in node.body for inner in ast.walk(statement)]
        raised = any(isinstance(inner, ast.Raise) for inner in inside)
        logged = any(
            isinstance(inner, ast.Call)
            and isinstance(inner.func, ast.Attribute)
            and inner.func.attr in LOGS
            for inner in inside
        )
        head = file.lines[node.lineno - 1 : node.body[0].lineno]
        if not (raised or logged or any("#" in line for line in head)):
            yield (
                node.lineno,
                "this catches bugs too; log it, raise it again, or say in a comment why swallowing it "
                "is right: a refusal is an answer, a bug is an exception",
            )


def rooms_do_not_know_each_other(file: Source) -> Iterator[Offence]:
    own = re.match(r"bot/(on_\w+)/", file.path)
    if own is None:
        return
    for line, module in imports(file.tree, file.path):
        other = re.match(r"bot\.(on_\w+)", module)
        if other and other[1] != own[1]:
            yield (
                line,
                f"{own[1]} and {other[1]} are rooms: what both need belongs in bot's core as a Card, a "
                "Sign or a Room, so that a community can run either one without the other's library",
            )


def the_core_knows_no_platform(file: Source) -> Iterator[Offence]:
    beside_the_rooms = re.fullmatch(r"bot/(?!settings|__main__)\w+\.py", file.path)
    for line, module in imports(file.tree, file.path) if beside_the_rooms else ():
        if re.match(r"(discord|slack_\w+|aiohttp\.web)\b", module):
            yield (
                line,
                f"{module} in bot's core: what is said and what an emoji means is the same in every "
                "room, so a platform's library stays in that room's own folder, bot/on_…",
            )


RULES: tuple[Rule, ...] = (
    status_moves_in_one_place,
    commits_in_one_place,
    settings_come_from_the_door,
    files_stay_small,
    the_loop_is_never_blocked,
    bells_ring_in_one_place,
    broad_excepts_explain_themselves,
    rooms_do_not_know_each_other,
    the_core_knows_no_platform,
)


# ── how they read a tree ─────────────────────────────────────────────────────────────────


def dotted(node: ast.expr) -> str:
    """`a.b.c` as text; what is not a name becomes empty, so that `f().commit` is `.commit`."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return ""


def imports(tree: ast.Module, path: str) -> Iterator[tuple[int, str]]:
    """Every imported module by its full name, relative ones too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            folders = path.split("/")[: -node.level] if node.level else []
            module = ".".join([*folders, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{module}.{alias.name}") for alias in node.names)


def _own_nodes(body: list[ast.stmt]) -> Iterator[ast.AST]:
    """What this function itself runs: functions inside it run elsewhere, perhaps in a thread."""
    waiting: list[ast.AST] = list(body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            waiting.extend(ast.iter_child_nodes(node))


def _at_import(tree: ast.Module) -> Iterator[ast.AST]:
    guarded: list[ast.stmt] = [
        s for s in tree.body if not (isinstance(s, ast.If) and "__name__" in ast.dump(s.test))
    ]
    return _own_nodes(guarded)


def _reads_environment(node: ast.AST) -> TypeGuard[ast.expr | ast.stmt]:
    if isinstance(node, ast.ImportFrom):
        return node.module == "os" and any(a.name in ("environ", "getenv") for a in node.names)
    return isinstance(node, ast.Attribute) and dotted(node) in ("os.environ", "os.getenv")


def _is_broad(kind: ast.expr | None) -> bool:
    kinds = kind.elts if isinstance(kind, ast.Tuple) else [kind]
    return any(k is None or dotted(k) in ("Exception", "BaseException") for k in kinds)


def _has_keyword(call: ast.Call, name: str) -> bool:
    return any(keyword.arg == name for keyword in call.keywords)


def _is_text(nodes: list[ast.expr], text: str) -> bool:
    return any(isinstance(node, ast.Constant) and node.value == text for node in nodes)
