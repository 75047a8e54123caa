"""The text that is stored: the same however it arrives, and readers that keep up with what changes."""

from __future__ import annotations

import io
import logging
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hallow.running.output import Output
from hallow.utils import apply_backspaces_and_linefeeds


class Bytes:
    """What was printed, in memory."""

    def __init__(self, data=b""):
        self.data = data
        self.pulls = []

    @property
    def size(self):
        return len(self.data)

    def pull(self, everything=False):
        self.pulls.append(everything)

    def read(self, start, limit):
        return self.data[start : start + limit]


class Reader:
    """Stores what a cursor gives."""

    def __init__(self, output):
        self.output = output
        self.cursor = output.cursor()
        self.stored = b""

    def read(self, limit=1 << 22):
        position, text, end = self.output.read(self.cursor, limit)
        self.stored = self.stored[:position] + text.encode()
        assert len(self.stored) == end
        self.cursor.move(end)

    def catch_up(self, limit=1 << 22):
        while self.output.behind(self.cursor):
            self.read(limit)
        return self.stored.decode()


def text_of(data, **options):
    output = Output(Bytes(data), **options)
    output.advance(final=True)
    return output.text()


# -------------------------------------------------------------------------------------------------- bytes to text


def test_plain_text_is_not_copied(tmp_path):
    output = Output(Bytes("ein Schluß\n".encode()), str(tmp_path))
    output.advance()
    assert output.text() == "ein Schluß\n"
    assert output.size == 12
    assert list(tmp_path.iterdir()) == []


def test_text_that_differs_is_a_file_beside_the_bytes(tmp_path):
    raw = Bytes(b"before\n")
    output = Output(raw, str(tmp_path))
    output.advance()
    raw.data += b"10%\r20%"
    output.advance()
    raw.data += b"\r30%\nafter\n"
    output.advance()
    assert (tmp_path / "text").read_bytes() == b"before\n30%\nafter\n"
    assert output.text() == "before\n30%\nafter\n"


def test_bytes_that_are_no_text_are_replaced(tmp_path):
    output = Output(Bytes(b"a\xff\xfeb\n"), str(tmp_path))
    output.advance(final=True)
    assert output.text() == "a\ufffd\ufffdb\n"
    assert (tmp_path / "text").read_text(encoding="utf-8") == "a\ufffd\ufffdb\n"


def test_half_a_character_waits_for_its_other_half():
    raw = Bytes("ä".encode()[:1])
    output = Output(raw)
    output.advance()
    assert output.text() == ""
    raw.data = "ä".encode() + "€".encode()[:2]
    output.advance()
    assert output.text() == "ä"
    output.advance(final=True)
    assert output.text() == "ä\ufffd"


def test_without_folding_control_characters_stay():
    assert text_of(b"10%\r20%\b\x1b[A\n", fold=False) == "10%\r20%\b\x1b[A\n"


def test_each_round_pulls_everything():
    raw = Bytes()
    Output(raw).advance()
    assert raw.pulls == [True]


def test_an_output_without_a_folder_needs_none():
    line = b"50%\rdone, and some more text\n"
    assert text_of(line * 10_000) == "done, and some more text\n" * 10_000


# -------------------------------------------------------------------------------------------------------- readers

PIECES = st.sampled_from(
    [
        b"a", b"bcd", b"\n", b"\r", b"\r\n", b"\b", b"\x1b[A", b"\x1b[K", b"\x1b[31m", b"\x1b", b"[", b"\xff", b"\xc3\xa4",
        b"\xe2\x82\xac", b"\xe2\x82", b"\xf0\x9d\x84\x9e", b"\x9d\x84\x9e", b"q" * 30,
    ]
)  # fmt: skip


@given(st.lists(PIECES, max_size=60).map(b"".join), st.integers(0, 10**9), st.booleans(), st.sampled_from([None, 40]))
def test_a_reader_ends_with_the_text_and_pieces_do_not_matter(data, seed, fold, cap):
    choose = random.Random(seed)
    raw = Bytes()
    output = Output(raw, fold=fold, cap=cap)
    reader = Reader(output)
    while raw.size < len(data):
        raw.data = data[: raw.size + choose.randint(1, 9)]
        output.advance()
        while choose.random() < 0.5:
            reader.read(choose.choice([4, 7, 1000]))
        if choose.random() < 0.2:
            assert reader.catch_up(choose.choice([4, 1000])) == output.text()
    output.advance(final=True)
    assert reader.catch_up(choose.choice([4, 7, 1000])) == output.text() == text_of(data, fold=fold, cap=cap)
    assert output.size == len(output.text().encode())


@given(st.lists(PIECES, max_size=40).map(b"".join), st.integers(0, 10**9), st.booleans())
def test_a_reader_keeps_up_with_a_filter(data, seed, linewise):
    def filter(text):
        return text.replace("b", "").replace("a", "xy")[-50:]

    filter.linewise = linewise
    choose = random.Random(seed)
    raw = Bytes()
    output = Output(raw, filter=filter)
    reader = Reader(output)
    while raw.size < len(data):
        raw.data = data[: raw.size + choose.randint(1, 9)]
        output.advance()
        if choose.random() < 0.7:
            reader.read(choose.choice([4, 1000]))
    output.advance(final=True)
    assert reader.catch_up() == output.text()


def test_an_edit_while_a_reader_is_busy_is_not_forgotten():
    raw = Bytes(b"one\n10%")
    output = Output(raw)
    output.advance()
    cursor = output.cursor()
    assert output.read(cursor) == (0, "one\n10%", 7)
    raw.data += b"\r99%"
    output.advance()
    cursor.move(7)
    assert output.behind(cursor)
    assert output.read(cursor) == (4, "99%", 7)
    cursor.move(7)
    assert not output.behind(cursor)
    assert output.read(cursor) == (7, "", 7)


def test_text_that_only_goes_leaves_a_reader_behind():
    raw = Bytes(b"one\ngone")
    output = Output(raw)
    output.advance()
    reader = Reader(output)
    reader.read()
    raw.data += b"\r\x1b[K"
    output.advance()
    assert output.behind(reader.cursor)
    assert reader.catch_up() == "one\n"


def test_only_what_differs_is_read_again():
    raw = Bytes(b"x" * 10_000 + b"\nstep 10%")
    output = Output(raw)
    output.advance()
    reader = Reader(output)
    reader.read()
    raw.data += b"\rstep 20%"
    output.advance()
    assert output.read(reader.cursor) == (10_006, "20%", 10_009)


def test_a_reader_may_begin_where_another_process_stopped():
    output = Output(Bytes(b"0123456789"))
    output.advance()
    assert output.read(output.cursor(4)) == (4, "456789", 10)


def test_no_character_is_split():
    output = Output(Bytes("€€€".encode()))
    output.advance()
    cursor = output.cursor()
    assert output.read(cursor, 4) == (0, "€", 3)
    assert output.read(cursor, 8) == (0, "€€", 6)


# -------------------------------------------------------------------------------------------------------- filters


def test_a_filter_gets_its_own_result_and_what_is_new():
    lengths = []

    def filter(text):
        lengths.append(len(text))
        return text

    raw = Bytes()
    output = Output(raw, filter=filter)
    for _ in range(5):
        raw.data += b"x" * 100 + b"\n"
        output.advance()
    output.advance(final=True)
    assert lengths == [101, 202, 303, 404, 505, 505]


def test_a_filter_of_lines_gets_the_unfinished_line_and_what_is_new():
    seen = []

    def filter(text):
        seen.append(text)
        return text.upper()

    filter.linewise = True
    raw = Bytes()
    output = Output(raw, filter=filter)
    for data in (b"one\ntw", b"o\nthree\n", b"", b"four"):
        raw.data += data
        output.advance()
    assert seen == ["one\ntw", "TWo\nthree\n", "four"]
    assert output.text() == "ONE\nTWO\nTHREE\nFOUR"


@pytest.mark.parametrize("fold", [True, False])
def test_the_filter_for_progress_bars(fold):
    raw = Bytes()
    output = Output(raw, filter=apply_backspaces_and_linefeeds, fold=fold)
    reader = Reader(output)
    for number in range(26):
        raw.data += f"\r{number}/25".encode()
        output.advance()
        reader.read()
    raw.data += b"\nnext\n"
    output.advance(final=True)
    assert reader.catch_up() == output.text() == "25/25\nnext\n"


def test_a_constant_filter_switches_the_output_off():
    raw = Bytes(b"secret\n")
    output = Output(raw, filter=lambda text: "nothing to see")
    output.advance()
    raw.data += b"more\n"
    output.advance(final=True)
    assert output.text() == "nothing to see"


@pytest.mark.parametrize("linewise", [True, False])
def test_a_filter_that_fails_is_named_once_and_left_out(linewise):
    def filter(text):
        if "bad" in text:
            raise ValueError("bad text")
        return text.upper()

    filter.linewise = linewise
    stream = io.StringIO()
    log = logging.getLogger("test_output_filter")
    log.propagate = False
    handler = logging.StreamHandler(stream)
    log.addHandler(handler)
    raw = Bytes(b"good\n")
    output = Output(raw, filter=filter, log=log)
    output.advance()
    for data in (b"bad\n", b"good\n", b"bad\n"):
        raw.data += data
        output.advance()
    output.advance(final=True)
    log.removeHandler(handler)
    assert output.text() == "GOOD\nbad\ngood\nbad\n"
    assert stream.getvalue().count("The filter of captured output failed") == 1
    assert "ValueError: bad text" in stream.getvalue()


# ------------------------------------------------------------------------------------------------------------ cap


def test_a_cap_keeps_head_and_tail():
    lines = [f"line {number:06}\n" for number in range(100_000)]
    raw = Bytes()
    output = Output(raw, cap=100_000)
    reader = Reader(output)
    for begin in range(0, len(lines), 1000):
        raw.data += "".join(lines[begin : begin + 1000]).encode()
        output.advance()
        reader.read()
    assert len(reader.stored) == output.size <= 100_000
    output.advance(final=True)
    text = reader.catch_up()
    head, _, tail = text.partition("[... ")
    assert text == output.text()
    assert "".join(lines).startswith(head)
    assert head.endswith("\n")
    dropped, _, tail = tail.partition(" bytes left out ...]\n")
    assert tail.startswith("line ")
    assert "".join(lines).endswith(tail)
    assert len(head) + int(dropped) + len(tail) == raw.size
    assert 95_000 < len(head) + len(tail) <= 100_000


def test_a_cap_that_is_not_reached_changes_nothing():
    assert text_of(b"0123456789", cap=10) == "0123456789"


def test_a_cap_splits_no_character():
    text = text_of("€".encode() * 100, cap=50)
    assert text == "€" * 8 + "\n[... 252 bytes left out ...]\n" + "€" * 8


# ---------------------------------------------------------------------------------------------------- whole bars


def test_bars_of_tqdm_appear_once():
    from tqdm import tqdm

    stream = io.StringIO()
    print("begin", file=stream)
    for _ in tqdm(range(25), file=stream, mininterval=0, miniters=1, ncols=60):
        pass
    print("next", file=stream)
    lines = text_of(stream.getvalue().encode()).splitlines()
    assert [line[:5] for line in lines] == ["begin", "100%|", "next"]
    assert "25/25" in lines[1]


@pytest.mark.parametrize("leave", [True, False])
def test_nested_bars_of_tqdm(leave):
    from tqdm import tqdm

    stream = io.StringIO()
    options = {"file": stream, "mininterval": 0, "miniters": 1, "ncols": 60, "ascii": True}
    for _ in tqdm(range(3), desc="outer", **options):
        for _ in tqdm(range(5), desc="inner", leave=leave, **options):
            pass
    print("next", file=stream)
    raw = Bytes()
    output = Output(raw)
    reader = Reader(output)
    data = stream.getvalue().encode()
    for begin in range(0, len(data), 50):
        raw.data = data[: begin + 50]
        output.advance()
        reader.read()
    output.advance(final=True)
    lines = [line.rstrip() for line in reader.catch_up().splitlines() if line.strip()]
    assert [line.split(":")[0] for line in lines] == ["inner"] * (3 if leave else 0) + ["outer", "next"]
    assert all("100%" in line for line in lines[:-1])
