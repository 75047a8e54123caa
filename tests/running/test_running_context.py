"""Which run code belongs to."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

from hallow.running.context import active_runs, current_run, entered


def in_thread(function):
    seen = []
    thread = threading.Thread(target=lambda: seen.append(function()))
    thread.start()
    thread.join()
    return seen[0]


def test_a_run_is_current_only_while_it_lasts(make_run):
    run = make_run()
    with entered(run):
        assert current_run() is run
        assert active_runs() == [run]
    assert current_run() is None
    assert active_runs() == []


def test_the_outer_run_goes_on_after_the_inner(make_run):
    outer, inner = make_run(), make_run()
    with entered(outer):
        with entered(inner):
            assert current_run() is inner
        assert current_run() is outer
    assert inner.parent is outer
    assert outer.parent is None


def test_threads_belong_to_the_run_that_started_them(make_run):
    outer, inner = make_run(), make_run()
    with entered(outer), ThreadPoolExecutor(1) as pool:
        with entered(inner):
            assert in_thread(current_run) is inner
            assert pool.submit(current_run).result() is inner
        # The worker was started by a run that is over: the one around it takes its place.
        assert pool.submit(current_run).result() is outer


def test_a_thread_from_before_sees_the_only_run(make_run):
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(current_run).result() is None
        first, second = make_run(), make_run()
        with entered(first):
            assert pool.submit(current_run).result() is first
            with entered(second):
                assert pool.submit(current_run).result() is None


def test_a_thread_started_beside_a_run_is_not_part_of_it(make_run):
    first, second = make_run(), make_run()
    started, done = threading.Event(), threading.Event()

    def hold():
        with entered(first):
            started.set()
            done.wait(5)

    holder = threading.Thread(target=hold)
    holder.start()
    started.wait(5)

    def other():
        with entered(second):
            return second.parent, current_run()

    assert in_thread(other) == (None, second)
    done.set()
    holder.join()


def test_tasks_inherit_their_run(make_run):
    run = make_run()

    async def main():
        return await asyncio.gather(asyncio.to_thread(current_run), asyncio.create_task(nested()))

    async def nested():
        return current_run()

    with entered(run):
        assert asyncio.run(main()) == [run, run]


def test_thread_start_is_restored(make_run):
    before = threading.Thread.start
    with entered(make_run()):
        assert threading.Thread.start is not before
        with entered(make_run()):
            pass
        assert threading.Thread.start is not before
    assert threading.Thread.start is before


def test_a_foreign_wrapper_of_thread_start_survives(make_run, monkeypatch):
    original = threading.Thread.start
    monkeypatch.setattr(threading.Thread, "start", original)
    with entered(make_run()):
        ours = threading.Thread.start

        def foreign(thread):
            ours(thread)

        threading.Thread.start = foreign
    assert threading.Thread.start is foreign
    run = make_run()
    with entered(run):
        assert in_thread(current_run) is run
    assert threading.Thread.start is foreign
    threading.Thread.start = ours
    with entered(make_run()):
        pass
    assert threading.Thread.start is original
