"""How the functions are compiled that run for every few bytes: into their callers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from ..jit import kernel

Function = TypeVar("Function", bound=Callable[..., Any])


def inlined(function: Function) -> Function:
    """Compile a kernel into each of its callers, which LLVM on its own finds too large for that.

    A call hands on a dozen words of views, which takes longer than reading a cell.
    """
    compiled: Any = kernel(function)
    compiled.targetoptions["forceinline"] = True
    result: Function = compiled
    return result
