"""Every bench, one after the other, and one table: `make bench`.

Each runs in a process of its own, so that none of them warms or burdens another, and is ended when it
takes too long. Give names to run only those.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench.report import Figure, arguments, say, show, show_json

ROOT = Path(__file__).parents[1]
BENCHES = (
    "startup", "memory", "renders", "generate", "encode", "overhead", "receipts", "lifecycles", "desk",
    "record", "lineage", "million", "discord_room", "slack_room", "screen",
)  # fmt: skip
LIMIT_SECONDS = 2000.0
"""Beyond every bench's own limit."""
STOP_SECONDS = 60.0


def run(name: str, quick: bool) -> list[Figure] | None:
    """The figures of one bench, or None when it could not be measured."""
    say(f"── {name}")
    command = [sys.executable, "-m", f"bench.{name}", "--json", *(["--quick"] if quick else [])]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as popen:
        try:
            said, _ = popen.communicate(timeout=LIMIT_SECONDS)
        except subprocess.TimeoutExpired:
            popen.terminate()
            try:
                popen.communicate(timeout=STOP_SECONDS)
            except subprocess.TimeoutExpired:
                popen.kill()
            return None
    return [_figure(row) for row in json.loads(said)] if popen.returncode == 0 else None


def _figure(row: dict[str, Any]) -> Figure:
    del row["met"]
    return Figure(**row)


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHES))
    asked = parser.parse_args()
    if unknown := set(asked.names) - set(BENCHES):
        parser.error(f"there is no bench {', '.join(sorted(unknown))}")
    figures, broken = [], []
    for name in asked.names or BENCHES:
        found = run(name, asked.quick)
        if found is None:
            broken.append(name)
        figures += found or []
    (show_json if asked.json else show)(figures)
    if broken:
        sys.exit(f"Not measured, for the reasons above: {', '.join(broken)}.")


if __name__ == "__main__":
    main()
