"""Config scopes whose source cannot be had: the original code runs, watched instruction by instruction.

After each instruction that binds a name the fixed value is written into the frame. One spelling differs from scopes
with source: Python 3.13 stores and loads with a single instruction in ``a = 1; b = a`` on one line, so that ``b`` sees
what was assigned to ``a`` there.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType, FrameType
from typing import Any

from hallow.config.evaluation import Evaluation

Tracer = Callable[[FrameType, str, Any], Any]

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
            own = tuple(name for name in names if name in code.co_varnames or name in code.co_cellvars)
            if own:
                found[instruction.offset] = Binding(own, _kind(instructions, number))
    return found


def _kind(instructions: list[Any], number: int) -> str:
    before = number - 1
    while before >= 0 and instructions[before].opname.startswith(_TRANSPARENT):
        before -= 1
    if before < 0:
        return "assign"
    previous = instructions[before]
    if previous.opname.startswith("INPLACE_") or (
        previous.opname == "BINARY_OP" and previous.argrepr.endswith("=")
    ):
        return "augment"
    if previous.opname.startswith("POP_JUMP"):
        # A jump right before a store belongs to a pattern, unless it ends a conditional expression.
        before_jump = instructions[before - 1].opname if before else ""
        return (
            "bind" if before_jump.startswith(("MATCH_", "COMPARE_OP", "LOAD_CONST", "GET_LEN")) else "assign"
        )
    return "bind" if previous.opname.startswith(_IN_PASSING) else "assign"


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
        self.bindings = bindings(code)
        self.locals: dict[str, Any] = {}
        self.pending: tuple[Binding, int] | None = None
        self.previous: Tracer | None = None
        self.previous_local: Tracer | None = None

    def run(self, function: Callable[[], Any]) -> Any:
        """Call ``function``, which must lead to the code that is watched; a tracer that is active goes on working."""
        self.previous = sys.gettrace()
        sys.settrace(self._enter)
        try:
            return function()
        finally:
            sys.settrace(self.previous)

    def _enter(self, frame: FrameType, event: str, arg: Any) -> Any:
        local = self.previous(frame, event, arg) if self.previous is not None else None
        if sys.gettrace() is not self._me:
            sys.settrace(self._enter)  # tracers written in C install themselves again when they are called
        if frame.f_code is not self.code:
            return local
        self.previous_local = local
        frame.f_trace_opcodes = True
        return self._watch

    @property
    def _me(self) -> Any:
        return self._enter

    def _watch(self, frame: FrameType, event: str, arg: Any) -> Any:
        if self.previous_local is not None and event != "opcode":
            self.previous_local = self.previous_local(frame, event, arg)
        if event in ("opcode", "return") and self.pending is not None:
            binding, line = self.pending
            self.pending = None
            self._settle(frame, binding, line)
        if event == "opcode":
            binding_now = self.bindings.get(frame.f_lasti)
            if binding_now is not None:
                self._expect(frame, binding_now)
        elif event == "return":
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
