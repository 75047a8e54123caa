"""Results of ``async def`` functions."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any


def awaited(result: Any) -> Any:
    """``result``, or what it comes to if it is a coroutine.

    Within a running event loop the coroutine gets a loop and a thread of its own, in a copy of this context.
    """
    if not isinstance(result, Coroutine):
        return result
    import asyncio

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(_bare(result))
    return _in_thread(result)


async def _bare(coroutine: Coroutine[Any, Any, Any]) -> Any:
    return await coroutine


def _in_thread(coroutine: Coroutine[Any, Any, Any]) -> Any:
    import asyncio
    from concurrent.futures import ThreadPoolExecutor
    from contextvars import copy_context

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(copy_context().run, asyncio.run, _bare(coroutine)).result()
