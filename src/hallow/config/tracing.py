"""Config scopes whose source cannot be had: the original code runs, watched instruction by instruction.

After each instruction that binds a name the fixed value is written into the frame. What has been put on the stack by
then cannot be changed, so two spellings differ from scopes with source: the value of ``(a := 1)`` itself, and on Python
3.13, which stores and loads with a single instruction, ``a = 1; b = a`` on one line. The names have their fixed values
in every later use.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import lru_cache
from threading import RLock
from types import CodeType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from hallow.config.evaluation import Evaluation

_TRANSPARENT = (
    "STORE_",
    "UNPACK_",
    "POP_TOP",
    "SWAP",
    "ROT_",
    "NOP",
    "COPY",
    "DUP_TOP",
    "CACHE",
    "EXTENDED_ARG",
)
#: Python 3.12 rewrites code objects while it traces, and crashes if two threads make it do so at once.
_TRACED_CODE = RLock()

_COMPREHENSIONS = ("<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>")
_IN_PASSING = ("FOR_ITER", "IMPORT_", "SETUP_WITH", "BEFORE_WITH", "POP_JUMP", "MATCH_", "GET_LEN")


@dataclass(frozen=True)
class Binding:
    """What one instruction does to names.

    Attributes:
        names: the names it binds or deletes.
        kind: ``"assign"``, ``"augment"``, ``"bind"`` (in passing) or ``"delete"``.
    """

    names: tuple[str, ...]
    kind: str


@lru_cache(maxsize=64)
def bindings(code: CodeType) -> dict[int, Binding]:
    """The instructions of a function that bind or delete local names, by offset."""
    import dis

    found: dict[int, Binding] = {}
    instructions = list(dis.get_instructions(code))
    for number, instruction in enumerate(instructions):
        operation = instruction.opname
        if operation in ("DELETE_FAST", "DELETE_DEREF"):
            found[instruction.offset] = Binding((instruction.argval,), "delete")
        elif operation.startswith(("STORE_FAST", "STORE_DEREF")):
            names = instruction.argval if isinstance(instruction.argval, tuple) else (instruction.argval,)
            names = names[:1] if operation == "STORE_FAST_LOAD_FAST" else names
            found[instruction.offset] = Binding(names, _kind(instructions, number))
    return found


def watched(code: CodeType) -> dict[CodeType, dict[int, Binding]]:
    """The bindings of a scope: its own, and those of ``:=`` in comprehensions that are functions of their own."""
    found = {code: _only(bindings(code), {*code.co_varnames, *code.co_cellvars})}
    waiting = [code]
    while waiting:
        for inner in waiting.pop().co_consts:
            if isinstance(inner, CodeType) and inner.co_name in _COMPREHENSIONS:
                found[inner] = _only(bindings(inner), set(inner.co_freevars).intersection(code.co_cellvars))
                waiting.append(inner)
    return found


def _only(bindings: dict[int, Binding], names: set[str]) -> dict[int, Binding]:
    return {offset: binding for offset, binding in bindings.items() if names.intersection(binding.names)}


def _kind(instructions: list[Any], number: int) -> str:
    before = number - 1
    while before >= 0 and _is_transparent(instructions[before].opname):
        before -= 1
    if before < 0:
        return "assign"
    previous = instructions[before]
    if previous.opname.startswith("INPLACE_") or (previous.opname == "BINARY_OP" and previous.argrepr.endswith("=")):
        return "augment"
    if previous.opname.startswith("POP_JUMP"):
        # A jump right before a store belongs to a pattern, unless it ends a conditional expression.
        before_jump = instructions[before - 1].opname if before else ""
        return "bind" if before_jump.startswith(("MATCH_", "COMPARE_OP", "LOAD_CONST", "GET_LEN")) else "assign"
    return "bind" if previous.opname.startswith(_IN_PASSING) else "assign"


def _is_transparent(operation: str) -> bool:
    """Whether an instruction only hands values on to the names that they are bound to."""
    return operation.startswith(_TRANSPARENT) and not operation.endswith("LOAD_FAST")


def _is_definition(name: str, value: Any, code: CodeType) -> bool:
    """Whether a value is the function or class that a ``def`` or ``class`` statement in this scope has made."""
    inside = f"{code.co_name}.<locals>.{name}"
    return getattr(value, "__name__", "") == name and str(getattr(value, "__qualname__", "")).endswith(inside)


class Watcher:
    """Runs a function and lets an evaluation see every name that it binds.

    Attributes:
        locals: the function's variables when it ended.
    """

    def __init__(self, code: CodeType, evaluation: Evaluation) -> None:
        self.code = code
        self.evaluation = evaluation
        self.watched = watched(code)
        self.locals: dict[str, Any] = {}
        self.pending: tuple[Binding, int] | None = None
        self.previous: Any = None
        self.previous_local: Any = None
        self.kept: Any = None

    def run(self, function: Callable[[], Any]) -> Any:
        """Call ``function``, which must lead to the code that is watched; a tracer that is active goes on working."""
        with _TRACED_CODE:
            self.previous = sys.gettrace()
            # Python 3.12 sends events for instructions only if some frame wants them when the tracer is set.
            sys._getframe().f_trace_opcodes = True
            sys.settrace(self._enter)
            try:
                return function()
            finally:
                sys.settrace(self.previous)

    def _enter(self, frame: FrameType, event: str, arg: Any) -> Any:
        local = self.previous(frame, event, arg) if self.previous is not None else None
        if sys.gettrace() != self._enter:
            sys.settrace(self._enter)  # tracers written in C install themselves again when they are called
        if not self.watched.get(frame.f_code):
            return local
        if frame.f_code is self.code:
            self.previous_local = local
        # In this order: Python 3.13 arranges for events only if the frame has a tracer already.
        frame.f_trace = self._watch
        frame.f_trace_opcodes = True
        return self._watch

    def _watch(self, frame: FrameType, event: str, arg: Any) -> Any:
        if self.previous_local is not None and event != "opcode" and frame.f_code is self.code:
            self.previous_local = self.previous_local(frame, event, arg)
        if event in ("opcode", "return") and self.pending is not None:
            binding, line = self.pending
            self.pending = None
            self._settle(frame, binding, line)
        if event == "opcode":
            binding_now = self.watched[frame.f_code].get(frame.f_lasti)
            if binding_now is not None:
                self._expect(frame, binding_now)
        elif event == "return" and frame.f_code is self.code:
            self.locals = dict(frame.f_locals)
        return self._watch

    def _expect(self, frame: FrameType, binding: Binding) -> None:
        self.pending = (binding, frame.f_lineno)
        if binding.kind == "delete":
            # Asked before it happens, because afterwards the value is gone.
            name = binding.names[0]
            kept = name in frame.f_locals and not self.evaluation.delete(name)
            self.kept = frame.f_locals[name] if kept else None
            self.pending = (binding, frame.f_lineno) if kept else None

    def _settle(self, frame: FrameType, binding: Binding, line: int) -> None:
        variables = frame.f_locals
        if binding.kind == "delete":
            variables[binding.names[0]] = self.kept
            return
        for name in binding.names:
            if name not in variables:
                continue  # the instruction raised
            value = variables[name]
            kind = "bind" if _is_definition(name, value, self.code) else binding.kind
            result = getattr(self.evaluation, kind)(name, value, line)
            if result is not value:
                variables[name] = result
