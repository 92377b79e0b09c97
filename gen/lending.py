"""The door of a machine that is lent: `python -m gen.lending URL`. It renders for a studio of others.

It knows no database, no broker and no store of that studio: only its address and a key.
"""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys

import structlog

from db import logs
from db.settings import BadSettings
from db.workers import Card
from gen import cards, scratch, stock
from gen.catalogue import BadCatalogue, Catalogue
from gen.host import Host
from gen.lender import Lender
from gen.settings import LenderSettings
from gen.studio import BadAddress, Refused, Studio, address

REFUSALS = (BadAddress, BadSettings, BadCatalogue, Refused, subprocess.SubprocessError)
"""What whoever lends has to mend, or can't."""
NO_KEY = "SORA_LEND_KEY is missing: the key that the studio's host gave you."
USAGE = "Name one studio, such as https://sora.example.org."

log = structlog.get_logger()


async def run(settings: LenderSettings, url: str, key: str, models: Catalogue) -> None:
    """Render until told to stop, or drained. Raises ``Refused`` when the key may do nothing."""
    host = Host(settings.device, settings.device_watts)

    async def look() -> list[Card]:
        return await asyncio.to_thread(cards.look, settings.device, settings.visible_devices)

    with scratch.folder(settings.scratch) as folder:
        async with Studio(url, key) as studio:
            lending = asyncio.create_task(Lender(studio, host, models, folder, look).run())
            for number in (signal.SIGTERM, signal.SIGINT):
                asyncio.get_running_loop().add_signal_handler(number, lending.cancel)
            host.start()
            host.load(next(iter(models.values())))
            try:
                await lending
            except asyncio.CancelledError:
                log.info("lender.stopped")
            finally:
                await host.close()


def main() -> None:
    try:
        if len(sys.argv) != 2:
            raise BadAddress(USAGE)
        url = address(sys.argv[1])
        settings = LenderSettings()
        key = settings.lend_key.get_secret_value().strip() if settings.lend_key else ""
        if not key:
            raise BadAddress(NO_KEY)
        logs.configure(settings.log_format)
        asyncio.run(run(settings, url, key, stock.on_offer(settings)))
    except REFUSALS as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
