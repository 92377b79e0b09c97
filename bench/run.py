"""Every bench, one after the other, and one table of all that the README says: `make bench`.

Each runs in a process of its own, so that none of them warms or burdens another, and is ended when it
takes too long. Give names to run only those; what a bench measures besides, it shows when it runs alone.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench import readme
from bench.figures import DECLARED
from bench.report import Figure, arguments, say, show, show_json

ROOT = Path(__file__).parents[1]
BENCHES = tuple(dict.fromkeys(figure.bench for figure in DECLARED.values()))
LIMIT_SECONDS = 7500.0
"""Beyond every bench's own limit."""
STOP_SECONDS = 60.0


def run(name: str, quick: bool) -> list[Figure]:
    """The figures of one bench; none when it failed, was ended or took too long."""
    say(f"── {name}")
    command = [sys.executable, "-m", f"bench.{name}", "--json", *(["--quick"] if quick else [])]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as popen:
        try:
            said, _ = popen.communicate(timeout=LIMIT_SECONDS)
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            popen.terminate()
            try:
                popen.communicate(timeout=STOP_SECONDS)
            except subprocess.TimeoutExpired:
                popen.kill()
            return []
    return [_figure(row) for row in json.loads(said)] if popen.returncode == 0 else []


def _figure(row: dict[str, Any]) -> Figure:
    del row["met"]
    return Figure(**row)


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHES))
    parser.add_argument(
        "--readme", action="store_true", help="put what was measured into the README's table, too"
    )
    asked = parser.parse_args()
    if unknown := set(asked.names) - set(BENCHES):
        parser.error(f"there is no bench {', '.join(sorted(unknown))}")
    if asked.readme and asked.quick:
        parser.error("what is measured quickly is nothing for the README")
    names = asked.names or BENCHES
    figures = [figure for name in names for figure in run(name, asked.quick)]
    found = {figure.name: figure for figure in figures if figure.name in DECLARED}
    (show_json if asked.json else show)([found[name] for name in DECLARED if name in found])
    if asked.readme:
        readme.README.write_text(readme.written(readme.README.read_text(), list(found.values())))
    lacking = [f for f in DECLARED.values() if f.bench in names and f.name not in found]
    for bench in dict.fromkeys(figure.bench for figure in lacking):
        missing = [figure.name for figure in lacking if figure.bench == bench]
        say(f"Not measured, for the reasons above: {', '.join(missing)}.")
    if lacking:
        sys.exit(1)


if __name__ == "__main__":
    main()
