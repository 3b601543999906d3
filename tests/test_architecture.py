"""House rules: imports go down only, one compiler switch, a light start, a wheel that holds the tree."""

from __future__ import annotations

import ast
import importlib.util
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# Lowest first. A module may import from the levels below its own, and from its own package.
LEVELS = [
    {"exclusive", "files", "hashing", "times"},
    {"settings"},
    {"kernels"},
    {"schema"},
    {"model"},
    {"categories"},
    {"rows"},
    {"records", "checkpoints", "known_answer"},
    {"engine"},
    {"intake"},
    {"learner"},
    {"shards"},
    {"description"},
    {"streams"},
    {"session"},
    {"evaluation"},
    {"streamrnn_cli"},
]
# These import nothing of the house but themselves, and what stands here.
ISLANDS: dict[str, tuple[str, ...]] = {
    "settings": ("streamrnn.times",),
    "exclusive": (),
    "hashing": (),
    "files": (),
    "times": (),
    "kernels": (),
    "streams": ("streamrnn.files", "streamrnn.times", "streamrnn.kernels.text"),
}
LEVEL_OF = {room: level for level, rooms in enumerate(LEVELS) for room in rooms}
PACKAGES = {"streamrnn": ROOT / "streamrnn", "streamrnn_cli": ROOT / "cli"}
SOURCES = [(package, path) for package, folder in PACKAGES.items() for path in sorted(folder.rglob("*.py"))]
FOLDERS = ("streamrnn", "cli", "tests", "benchmarks", "examples", "docs")
EVERYWHERE = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def name_of(package: str, path: Path) -> str:
    """Its dotted name, as imports have it."""
    parts = path.relative_to(PACKAGES[package]).with_suffix("").parts
    return ".".join((package, *(part for part in parts if part != "__init__")))


def imports_of(package: str, path: Path) -> Iterator[str]:
    """Dotted names of all that a module imports, wherever in it, also for type checking only."""
    parent = name_of(package, path).split(".")
    parent = parent if path.name == "__init__.py" else parent[:-1]
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = parent[: len(parent) - node.level + 1] if node.level else []
            source = ".".join([*above, *([node.module] if node.module else [])])
            yield from (f"{source}.{alias.name}" for alias in node.names)


def room_of(name: str) -> str | None:
    """The room that a dotted name lies in; None outside of the house, and for the package itself."""
    first, *rest = name.split(".")
    if first == "streamrnn_cli":
        return first
    return rest[0] if first == "streamrnn" and rest and rest[0] != "__version__" else None


def test_every_module_has_its_place_in_the_order():
    rooms = {room_of(name_of(package, path)) for package, path in SOURCES} - {None}
    assert rooms - set(LEVEL_OF) == set(), "give the new room a level in LEVELS, and a line in docs/architecture.md"


def test_imports_go_down_only():
    wrong = []
    for package, path in SOURCES:
        home = room_of(name_of(package, path))
        if home is None:
            continue  # streamrnn/__init__.py names what each room offers, and imports it when asked
        for name in imports_of(package, path):
            room = room_of(name)
            if room not in LEVEL_OF or room == home:
                continue
            if LEVEL_OF[room] >= LEVEL_OF[home] or (home in ISLANDS and not name.startswith(ISLANDS[home])):
                wrong.append(f"{path.relative_to(ROOT)} imports {name}")
    assert wrong == []


def test_the_kernels_of_text_know_the_compiler_and_no_other_kernel():
    for path in (ROOT / "streamrnn" / "kernels" / "text").glob("*.py"):
        for name in imports_of("streamrnn", path):
            basics = ("streamrnn.kernels.text", "streamrnn.kernels.machine")
            assert room_of(name) is None or name.startswith(basics), path


def test_the_package_itself_imports_nothing_before_it_is_asked():
    tree = ast.parse((ROOT / "streamrnn" / "__init__.py").read_text(encoding="utf-8"))
    modules = [node.module for node in tree.body if isinstance(node, ast.ImportFrom)]
    assert modules == ["__future__", "typing"]
    assert not [node for node in tree.body if isinstance(node, ast.Import)]


def test_the_machine_is_below_all_kernels_and_the_arrays_below_all_others():
    """What stands between kernels and the processor knows no learner, but for the fields that a group is made of."""
    for room, below in (
        ("machine", ("machine",)),
        ("arrays", ("machine", "arrays", "experts.fields", "surprise.anomaly_fields", "surprise.conformal_fields")),
    ):
        for path in (ROOT / "streamrnn" / "kernels" / room).glob("*.py"):
            for name in imports_of("streamrnn", path):
                allowed = tuple(f"streamrnn.kernels.{module}" for module in below)
                assert room_of(name) is None or name.startswith(allowed), f"{path}: {name}"


def test_only_jit_py_calls_the_compiler():
    for package, path in SOURCES:
        if path.relative_to(PACKAGES[package]).as_posix() == "kernels/machine/jit.py":
            continue
        nodes = list(ast.walk(tree_of(path)))
        names = {node.id for node in nodes if isinstance(node, ast.Name)}
        names |= {node.attr for node in nodes if isinstance(node, ast.Attribute)}
        names |= {name.rpartition(".")[2] for name in imports_of(package, path)}
        assert not names & {"njit", "vectorize", "guvectorize", "jitclass", "cfunc", "stencil"}, path
        attributes = {ast.unparse(node) for node in nodes if isinstance(node, ast.Attribute)}
        assert "numba.jit" not in {*imports_of(package, path), *attributes}, path


def test_no_kernel_asks_math_isfinite():
    """It is written as x - x == 0, which the kernels' floating-point flags fold to true where x is a sum."""
    for path in (ROOT / "streamrnn" / "kernels").rglob("*.py"):
        calls = [node for node in ast.walk(tree_of(path)) if isinstance(node, ast.Call)]
        for name in ("math.isfinite", "math.isinf", "np.isfinite", "np.isinf"):
            assert name not in {ast.unparse(call.func) for call in calls}, path


@pytest.mark.parametrize("path", EVERYWHERE, ids=lambda path: str(path.relative_to(ROOT)))
def test_nobody_imports_the_command_as_cli(path):
    """It is installed as streamrnn_cli; a package called cli would collide with every other one."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            assert not [alias.name for alias in node.names if alias.name.split(".")[0] == "cli"]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            assert (node.module or "").split(".")[0] != "cli"


# --- a light start ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "heavy"),
    [
        ("import streamrnn; streamrnn.__version__", ("numba", "numpy", "pyarrow")),
        ("from streamrnn import Settings, SettingsError", ("numba", "numpy", "pyarrow")),
        ("import streamrnn.settings", ("numba", "numpy", "pyarrow")),
        ("import streamrnn.schema, streamrnn.checkpoints.file", ("numba", "pyarrow", "safetensors")),
        ("import streamrnn.streams", ("numba", "pyarrow.parquet")),
        ("import streamrnn.streams.sinks.text", ("numba",)),
        ("from streamrnn.streams.sources import csv, ndjson", ("numba",)),
        ("import streamrnn_cli.main", ("numba", "pyarrow", "matplotlib")),
        ("from streamrnn import Learner; Learner('a', hidden=2)", ("matplotlib", "torch", "pandas")),
    ],
)
def test_what_is_not_needed_is_not_imported(code, heavy):
    if "streamrnn_cli" in code and importlib.util.find_spec("streamrnn_cli") is None:
        pytest.skip("the command is not installed here: pip install -e .")
    code += f"; import sys; print([name for name in {heavy} if name in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert answer.stdout.splitlines()[-1] == "[]"


def test_every_public_name_is_there_and_no_other():
    import streamrnn

    for name in streamrnn.__all__:
        assert getattr(streamrnn, name) is not None
    with pytest.raises(AttributeError, match=r"^module 'streamrnn' has no attribute 'Lerner'$"):
        _ = streamrnn.Lerner


# --- documented -------------------------------------------------------------------------------------------------------


def is_public(node: ast.AST, kind: type | tuple[type, ...]) -> bool:
    return isinstance(node, kind) and not node.name.startswith("_")


def documented_methods(node: ast.ClassDef) -> set[str]:
    """Methods with a docstring of their own, and properties that the class's docstring lists among its attributes."""
    text = ast.get_docstring(node) or ""
    methods = [method for method in node.body if isinstance(method, ast.FunctionDef)]
    return {method.name for method in methods if ast.get_docstring(method) or f"\n{method.name} : " in text}


def bare_definitions(tree: ast.Module, promised: set[str]) -> Iterator[str]:
    for node in tree.body:
        if is_public(node, (ast.ClassDef, ast.FunctionDef)) and not ast.get_docstring(node):
            yield node.name
        if is_public(node, ast.ClassDef):
            documented = documented_methods(node) | promised
            methods = [method.name for method in node.body if is_public(method, ast.FunctionDef)]
            yield from (f"{node.name}.{method}" for method in methods if method not in documented)


def test_everything_public_has_a_docstring():
    """Its own, or that of the protocol which it follows."""
    classes = [node for _, path in SOURCES for node in tree_of(path).body if isinstance(node, ast.ClassDef)]
    protocols = [node for node in classes if "Protocol" in map(ast.unparse, node.bases)]
    promised = {name for node in protocols for name in documented_methods(node)}
    bare = []
    for package, path in SOURCES:
        where = str(path.relative_to(ROOT))
        if not ast.get_docstring(tree_of(path)):
            bare.append(where)
        if package == "streamrnn":
            bare += [f"{where}: {name}" for name in bare_definitions(tree_of(path), promised)]
    assert bare == []


# --- the wheel --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The names in a wheel that is built of a copy, so that nothing is left in the tree."""
    for tool in ("setuptools", "pip"):
        if importlib.util.find_spec(tool) is None:
            pytest.skip(f"{tool} is not installed: a wheel cannot be built here")
    copy = tmp_path_factory.mktemp("source")
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        if (ROOT / name).exists():
            shutil.copy(ROOT / name, copy)
    for name in ("streamrnn", "cli"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--quiet"]
    subprocess.run([*command, "--wheel-dir", copy / "built", copy], check=True, capture_output=True)
    (path,) = (copy / "built").glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        return [name for name in archive.namelist() if ".dist-info/" not in name]


def test_the_wheel_holds_every_module_of_the_tree_and_no_other(wheel):
    tree = {
        f"{package}/{path.relative_to(folder).as_posix()}"
        for package, folder in PACKAGES.items()
        for path in folder.rglob("*.py")
    }
    assert {name for name in wheel if name.endswith(".py")} == tree


def test_the_wheel_holds_the_data_of_the_package(wheel):
    data = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "streamrnn").rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc") and "__pycache__" not in path.parts
    }
    assert {name for name in wheel if not name.endswith(".py")} == data
    assert "streamrnn/py.typed" in data
