"""The two kinds of half a staging file, in C and in Python, do the same: the same answers, the same bytes."""

from __future__ import annotations

import array
import mmap
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import examples

from hallow.journal.layout import HALF, STAGED_NONE
from hallow.journal.staged import CompiledHalf, PlainHalf

pytestmark = pytest.mark.skipif(CompiledHalf is None, reason="not built")

ROOM = 64
BASE = 4096


class Tried:
    """A half with a file of its own to write out to."""

    def __init__(self, kind, folder):
        self.memory = mmap.mmap(-1, BASE + HALF.size + ROOM)
        self.memory[:] = b"\xff" * len(self.memory)
        # Of its own, because a PlainHalf closes it.
        self.seen = self.memory if kind is CompiledHalf else memoryview(self.memory)
        self.half = kind(self.memory, BASE, HALF.size + ROOM)
        path = os.path.join(folder, kind.__name__)
        self.file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND)
        self.reading = os.open(path, os.O_RDONLY)

    def done(self, name, argument):
        """What the caller sees of it: the answer or the kind of the exception; what is there afterwards."""
        try:
            answer = getattr(self, name)(argument)
        except Exception as error:
            answer = type(error)
        half = self.half
        if not half.size and HALF.unpack_from(self.memory, BASE)[0] == STAGED_NONE:
            half.begin(half.sequence + 1, 1)  # bytes come only after that
        written = os.pread(self.file, 1 << 16, 0)
        return answer, half.size, half.sequence, half.interrupted, half.rest(), bytes(self.seen), written

    def write(self, data):
        return self.half.write(data)

    def write_text(self, text):
        """As the doors in hallow.running.covers."""
        if isinstance(self.half, CompiledHalf):
            return self.half.write_text(text)
        data = str.encode(text)
        self.half.write(data)
        return len(text)

    def write_out_to(self, number):
        if self.half.size:  # with nothing in it, only the one in C looks at the number
            self.half.write_out(number)

    def write_out(self, _):
        self.half.write_out(self.file)

    def write_out_in_vain(self, _):
        self.half.write_out(self.reading)

    def begin(self, numbers):
        if not self.half.size:
            self.half.begin(*numbers)

    def flush(self, _):
        """As who has one in Python: it is begun again."""
        if isinstance(self.half, CompiledHalf):
            self.half.pass_on(self.file)
        elif self.half.size:
            self.half.write_out(self.file)
            head = self.half.sequence, HALF.unpack_from(self.memory, BASE)[2]
            self.half.begin(*head)

    def clean(self, _):
        self.half.clean()

    def wait(self, _):
        self.half.wait()

    def end(self):
        if self.seen is not self.memory:
            self.seen.release()
        self.half.close()
        self.half.close()
        with pytest.raises(ValueError):
            self.half.write(b"x")
        os.close(self.file)
        os.close(self.reading)


class Text(str):
    """Text with ideas of its own."""

    __slots__ = ()

    def __str__(self):
        return "another"

    def encode(self, *_):
        return b"another"


sizes = st.integers(0, ROOM + 1)
pieces = st.one_of(st.binary(max_size=ROOM + 1), sizes.map(lambda size: b"x" * size))
datas = st.one_of(
    pieces,
    pieces.map(bytearray),
    pieces.map(memoryview),
    pieces.map(lambda data: memoryview(data)[::2]),
    pieces.map(lambda data: memoryview(data)[1:-1]),
    st.lists(st.floats(width=32), max_size=ROOM // 4 + 1).map(lambda numbers: array.array("f", numbers)),
    st.sampled_from(["text", None, 5, 2.0, [1], object]),
)
texts = st.one_of(
    st.text(max_size=ROOM // 2),
    st.text(st.characters(exclude_categories=[]), max_size=5),
    st.builds(lambda size, letter: letter * size, sizes, st.sampled_from("xäⓧ🐉\0")),
    st.text(max_size=5).map(Text),
    st.sampled_from([b"bytes", None, 5]),
)
numbers = st.tuples(st.integers(1, 1 << 63), st.integers(0, (1 << 32) - 1))
descriptors = st.sampled_from([-1, 1 << 31, (1 << 32) + 1, -(1 << 31) - 1, 1 << 70, "1", 1.5, None])
nothing = st.none()
steps = st.one_of(
    st.tuples(st.just("write"), datas),
    st.tuples(st.just("write_text"), texts),
    st.tuples(st.just("begin"), numbers),
    st.tuples(st.just("write_out_to"), descriptors),
    st.tuples(st.sampled_from(["write_out", "write_out_in_vain", "flush", "clean", "wait"]), nothing),
)


@examples(60)
@given(st.lists(steps, max_size=30))
def test_both_kinds_do_the_same(tmp_path, steps):
    both = [Tried(kind, tmp_path) for kind in (PlainHalf, CompiledHalf)]
    try:
        for tried in both:
            tried.half.begin(1, 1)
        for name, argument in steps:
            plain, compiled = (tried.done(name, argument) for tried in both)
            assert plain == compiled, name
    finally:
        for tried in both:
            tried.end()
