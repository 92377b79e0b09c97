"""Page, feed and worker in one process, for what follows a job through all of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from db.broker import Broker
from db.session import Db
from gen import signing_key
from gen.host import Host
from gen.settings import WorkerSettings
from gen.tasks import Renderer
from tests.bot.on_web.served import Served
from tests.support.engines import Toy, entry


@asynccontextmanager
async def together(url: str, valkey: str, folder: Path) -> AsyncIterator[Served]:
    """A studio that serves and renders; its worker has a toy for a model."""
    model = entry("toy", Toy, folder / "diary")
    served = Served(Db(url), Broker(valkey), folder)
    await served.open([model.offer])
    await served.start()
    host, key = Host(), signing_key.hold(WorkerSettings(data=folder))
    parts = (served.db, served.broker, served.media, host, {"toy": model})
    renderer = Renderer(*parts, folder, "worker", 2, key)
    host.start()
    renderer.start()
    listening = asyncio.create_task(renderer.listen())
    yield served
    await renderer.close()
    await host.close()
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    await served.stop()
    await served.broker.close()
    await served.db.close()
