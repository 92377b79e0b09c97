"""Says whether the migrations make exactly the tables that the models describe."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.util import CommandError

from db import migrate


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite+aiosqlite:///{Path(folder) / 'drift.db'}"
        migrate.upgrade(url)
        try:
            command.check(migrate.config(url))
        except CommandError as difference:
            sys.exit(
                f"{difference}\nWrite the missing step: .venv/bin/alembic revision --autogenerate"
            )


if __name__ == "__main__":
    main()
