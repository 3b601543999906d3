"""Compile the kernels inside an entry once instead of once per caller.

Numba optimises every jitted function together with all that it calls, and emits machine code for it, before its
caller does the same again: with calls ten deep, most of the compile time goes into code that nothing runs. Only an
entry is called from Python, so everything below it is kept as plain LLVM IR until the entry links it.
"""

from __future__ import annotations

import gc
from typing import Any

import llvmlite.binding as llvm
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler
from numba.core.untyped_passes import RewriteSemanticConstants

from .rewriting import FixNumbers, Simplify


class InnerLibrary(JITCodeLibrary):
    """The IR of one inner kernel, without that of the kernels it calls; never optimised or emitted on its own."""

    def _optimize_functions(self, module: Any) -> None:
        """Leave this to the entry as well; linking needs the layout of data that Numba would write here."""
        module.data_layout = self._codegen._data_layout

    def finalize(self) -> None:
        """Leave linking to the entry."""
        for library in self._linking_libraries:
            self._reload_init.update(library._reload_init)
        self._finalize_dynamic_globals()
        self._finalized = True

    def get_pointer_to_function(self, name: str) -> int:
        """No machine code, no pointer."""
        return 0

    @property
    def codegen(self) -> Any:
        """The code generator, as far as inner kernels need it."""
        return _WithoutEnvironments(self._codegen)


class _WithoutEnvironments:
    """A code generator that sets no environment: those hold what a kernel raises, and kernels never raise."""

    def __init__(self, codegen: Any) -> None:
        self._codegen = codegen

    def set_env(self, name: str, environment: Any) -> None:
        pass

    def __getattr__(self, name: str) -> Any:
        return getattr(self._codegen, name)


class EntryLibrary(JITCodeLibrary):
    """An entry with all its kernels, linked and optimised once."""

    def finalize(self) -> None:
        """Link every kernel that is called, however deep."""
        self._linking_libraries = list(_called(self).values())
        super().finalize()

    def _optimize_final_module(self) -> None:
        """Numba's full pipeline; the pass that it runs before is for its counts of owners.

        Kernels become internal first: one that is inlined everywhere is then not emitted once more by itself.
        """
        for library in _called(self).values():
            if isinstance(library, InnerLibrary):
                for function in library._final_module.functions:
                    if not function.is_declaration:
                        self._final_module.get_function(function.name).linkage = "internal"
        builder = self.pass_builder()
        builder.getModulePassManager().run(self._final_module, builder)

    def pass_builder(self) -> Any:
        """What LLVM's passes are made by: everything at its third level."""
        return self._codegen._pass_builder()


class VectorEntryLibrary(EntryLibrary):
    """An entry whose hot loops are written with ``vector.py``, as wide as they are to be.

    Looking for more to widen and to unroll takes LLVM a third of its time, and twice the code for it to emit.
    """

    def pass_builder(self) -> Any:
        """The third level, with loops as they stand."""
        options = llvm.create_pipeline_tuning_options(speed_level=3)
        options.loop_vectorization = options.slp_vectorization = False
        options.loop_unrolling = options.loop_interleaving = False
        return llvm.create_pass_builder(self._codegen._tm, options)


class CompactEntryLibrary(EntryLibrary):
    """An entry whose kernels are called from many places, with plain loops over some dozens of numbers.

    LLVM would copy each into all its callers and unroll what it has widened: a third of its time, and of the code.
    """

    def pass_builder(self) -> Any:
        """The third level, with widened loops as they stand, and copies of short kernels alone."""
        options = llvm.create_pipeline_tuning_options(speed_level=3)
        options.inlining_threshold = 75  # a third of LLVM's own
        options.loop_unrolling = options.slp_vectorization = False
        return llvm.create_pass_builder(self._codegen._tm, options)


def _called(library: Any, found: dict[int, Any] | None = None) -> dict[int, Any]:
    """Every library below this one, by identity."""
    found = {} if found is None else found
    for callee in library._linking_libraries:
        if id(callee) not in found:
            found[id(callee)] = callee
            _called(callee, found)
    return found


# passes that look for closures, comprehensions, whole-array expressions and raises, of which kernels have none, and the
# one that marks where each variable is given up, for counts of owners
UNNEEDED = {
    "generic_rewrites",
    "inline_closure_likes",
    "inline_inlinables",
    "inline_overloads",
    "ir_legalization",
    "nopython_rewrites",
}


def _adapted(pipelines: list[Any]) -> list[Any]:
    """Numba's pipelines, as kernels need them."""
    for pipeline in pipelines:
        pipeline.passes = [step for step in pipeline.passes if step[0].name() not in UNNEEDED]
        if any(step[0] is RewriteSemanticConstants for step in pipeline.passes):
            pipeline.add_pass_after(FixNumbers, RewriteSemanticConstants)
            pipeline.add_pass_after(Simplify, RewriteSemanticConstants)
            pipeline.finalize()
    return pipelines


class InnerCompiler(Compiler):
    """Numba's own compiler, writing into an `InnerLibrary`."""

    def define_pipelines(self) -> Any:
        """Numba's pipelines."""
        self.state.library = InnerLibrary(self.state.targetctx.codegen(), "kernel")
        return _adapted(super().define_pipelines())


class EntryCompiler(Compiler):
    """Numba's own compiler, writing into an `EntryLibrary` that can be cached."""

    library: type[EntryLibrary] = EntryLibrary

    def define_pipelines(self) -> Any:
        """Numba's pipelines."""
        self.state.library = self.library(self.state.targetctx.codegen(), "entry")
        self.state.library.enable_object_caching()
        return _adapted(super().define_pipelines())

    def _compile_core(self) -> Any:
        """Compile, without the thousand collections that a compiler's short-lived objects would set off."""
        was_enabled = gc.isenabled()
        gc.disable()
        try:
            return super()._compile_core()
        finally:
            if was_enabled:
                gc.enable()


class CompactEntryCompiler(EntryCompiler):
    """The same, writing into a `CompactEntryLibrary`."""

    library = CompactEntryLibrary


class VectorEntryCompiler(EntryCompiler):
    """The same, writing into a `VectorEntryLibrary`."""

    library = VectorEntryLibrary
