"""What a terminal would show, whatever the pieces it is told in."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hallow.running import terminal
from hallow.running.terminal import LINES, Terminal
from hallow.utils import apply_backspaces_and_linefeeds


def shown(*pieces):
    folded = Terminal()
    done = ""
    for piece in pieces:
        folded.feed(piece)
        done += folded.take()
    folded.settle(final=True)
    return done + folded.take() + folded.tail()


@pytest.mark.parametrize(
    "text",
    [
        "", "\b", "\r", "\r\n", "ab\bc", "\ba", "ab\nc\b\bd", "ab\b\bc", "abc\rdef", "abc\r", "abc\rd", "abc\r\nd",
        "abc\ndef\rg", "abc\ndef\r\rg", "abcd\refg\r", "abcd\refg\r\n",
    ],
)  # fmt: skip
def test_as_the_helper_for_filters(text):
    assert shown(text) == shown(*text) == apply_backspaces_and_linefeeds(text).removesuffix("\r")


@given(st.text(alphabet="ab\n\r\b", max_size=40))
def test_as_the_helper_for_filters_in_general(text):
    assert shown(text) == apply_backspaces_and_linefeeds(text).removesuffix("\r")


@given(st.lists(st.text(alphabet="ab\n\r\b", max_size=10), max_size=6))
def test_after_each_piece_it_is_what_a_terminal_would_show_by_then(pieces):
    folded, told, done = Terminal(), "", ""
    for piece in pieces:
        folded.feed(piece)
        told += piece
        done += folded.take()
        assert done + folded.tail() == apply_backspaces_and_linefeeds(told).removesuffix("\r")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("one\ntwo\x1b[Ax", "onex\ntwo"),
        ("one\ntwo\r\x1b[Ax", "xne\ntwo"),
        ("one\ntwo\n\x1b[2A1\n2\n3", "1ne\n2wo\n3"),
        ("one\ntwo\x1b[A\x1b[B!", "one\ntwo!"),
        ("one\x1b[99A\r1", "1ne"),
        ("abcdef\x1b[3Dx", "abcxef"),
        ("abcdef\r\x1b[2Cx", "abxdef"),
        ("abcdef\x1b[2Gx", "axcdef"),
        ("abcdef\x1b[Gx", "xbcdef"),
        ("ab\x1b[2Cx", "ab  x"),
        ("ab\x1b[9999Cx", "ab" + " " * 998 + "x"),
        ("abcdef\r\x1b[K", ""),
        ("abcdef\x1b[3D\x1b[0Kx", "abcx"),
        ("abcdef\x1b[3D\x1b[1K", "    ef"),
        ("abcdef\x1b[2K\rx", "x"),
        ("abcdef\x1b[Kx", "abcdefx"),
    ],
)
def test_movements(text, expected):
    assert shown(text) == shown(*text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "\x1b[31mred\x1b[0m\n", "\x1b]0;title\x07text", "\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "\x1b(Bx", "\x1b[?25lx",
        "\x1b[1;32;40mx\x1b[m\x1b[38;5;12my",
    ],
)  # fmt: skip
def test_other_sequences_are_kept(text):
    assert shown(text) == shown(*text) == text


def test_sequences_take_no_room():
    assert shown("\x1b[31mabc\x1b[0m\b\bX") == "\x1b[31maXc\x1b[0m"
    assert shown("\x1b[31mabc\x1b[0m\rX\x1b[0mY") == "\x1b[31mX\x1b[0mYc\x1b[0m"


def test_colours_of_a_bar_do_not_pile_up():
    states = [f"\r\x1b[32m{number:3}%\x1b[0m|\x1b[33m###\x1b[0m" for number in range(101)]
    assert shown(*states) == "\x1b[32m100%\x1b[0m|\x1b[33m###\x1b[0m"


def test_an_escape_that_begins_nothing_is_dropped():
    assert shown("a\x1b\x80b\x1b") == "a\x80b"


def test_lines_far_up_are_final():
    folded = Terminal()
    folded.feed("".join(f"{number}\n" for number in range(1000)))
    assert folded.take() == "".join(f"{number}\n" for number in range(1000 - LINES + 1))
    folded.feed("\x1b[500Ax")
    assert folded.take() == ""
    assert folded.tail().startswith("x37\n938\n")


def test_a_line_without_end_does_not_grow_for_ever():
    folded = Terminal()
    for _ in range(100):
        folded.feed("x" * 10_000)
    assert len(folded.tail()) < 20_000
    assert folded.take() + folded.tail() == "x" * 1_000_000


def test_a_copy_goes_its_own_way():
    folded = Terminal()
    folded.feed("a\x1b[31mb\r")
    other = folded.copy()
    other.feed("X")
    assert (folded.tail(), other.tail()) == ("a\x1b[31mb", "X\x1b[31mb")


TOKENS = st.sampled_from(
    [
        "a", "bc", "xyz", "\n", "\r", "\b", "\x1b[A", "\x1b[2A", "\x1b[B", "\x1b[3C", "\x1b[D", "\x1b[K", "\x1b[1K",
        "\x1b[2K", "\x1b[5G", "\x1b[31m", "\x1b[0m", "\x1b", "\x1b]0;t\x07", "\x1b]0;t\x1b\\", "[", "0", "m", "\x80",
        "ä", "\x1b(B", "]", "\r\n", "q" * 7, "\x07",
    ]
)  # fmt: skip


@given(st.lists(TOKENS, max_size=60).map("".join), st.integers(0, 10**9), st.sampled_from([8, 1 << 14]))
def test_pieces_do_not_matter(text, seed, wide):
    choose = random.Random(seed)
    cuts = sorted(choose.randint(0, len(text)) for _ in range(choose.randint(0, 20)))
    pieces = [text[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(terminal, "_WIDE", wide)
        patch.setattr(terminal, "LINES", 3 if wide == 8 else 64)
        assert shown(*pieces) == shown(text)
