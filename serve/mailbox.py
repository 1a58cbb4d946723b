"""News for one WebSocket: the newest replaces the one that it was too slow to fetch."""

import asyncio
from typing import NamedTuple

from serve.batcher import Progress


class News(NamedTuple):
    """What has happened since the last look; a change makes progress before it worthless."""

    changed: bool = False
    progress: tuple[str, Progress] | None = None
    """An engine's id, and how far its search has come."""
    ended: bool = False


class Mailbox:
    """Filled and emptied on the event loop."""

    def __init__(self) -> None:
        self._filled = asyncio.Event()
        self._news = News()

    def put_change(self) -> None:
        """Says that the game is another now."""
        self._put(self._news._replace(changed=True, progress=None))

    def put_progress(self, engine_id: str, progress: Progress) -> None:
        """Says how far an engine's search has come."""
        self._put(self._news._replace(progress=(engine_id, progress)))

    def put_end(self) -> None:
        """Says that nothing more will come."""
        self._put(self._news._replace(ended=True))

    async def take(self) -> News:
        """Waits for news and returns all of it."""
        await self._filled.wait()
        self._filled.clear()
        news, self._news = self._news, News()
        return news

    def _put(self, news: News) -> None:
        self._news = news
        self._filled.set()
