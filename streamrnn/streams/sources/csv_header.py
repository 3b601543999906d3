"""The header of a CSV stream -> the names of its columns."""

from collections.abc import Sequence

from ..errors import StreamError
from ..numbers import is_number

_DELIMITERS = {",": "','", ";": "';'", "\t": "tab", "|": "'|'"}  # as they are named in a shell
MOST_SHOWN = 8


def column_names(source: str, cells: Sequence[str], delimiter: str) -> tuple[list[str], list[str]]:
    """Return a name of its own for each column, and what the user should hear about them.

    Parameters
    ----------
    source : str
        For messages.
    cells : sequence of str
        The cells of the first line.
    delimiter : str
        What stands between them.

    Raises
    ------
    StreamError
        If they are numbers: then the stream has no header.
    """
    names = [cell.strip() for cell in cells]
    if all(is_number(name) for name in names):
        shown = delimiter.join(cells)[:60]
        raise StreamError(f"{source} has no header: its first line is {shown!r}; put a line of names before it")
    # An index column is often written without a name.
    names = [name or f"column{position}" for position, name in enumerate(names, 1)]
    unique, renamed = _made_unique(names)
    if not renamed:
        return unique, []
    return unique, [f"{source}: the header repeats names; the later columns are called {_listed(renamed)}"]


def other_names(cells: Sequence[str], names: Sequence[str]) -> str | None:
    """Return what is wrong with the first line of a later file if it is a header, and not of these columns.

    A line with a number in it is a row, also a missing one: a file may go on where another one ended.
    """
    found = [cell.strip() for cell in cells]
    filled = [name for name in found if name]
    are_names = len(set(filled)) == len(filled) > 0 and not any(map(is_number, filled))
    if not are_names or set(found) == set(names):
        return None
    wanted = f"{_listed(found)}, and not {_listed(names)}"
    return f"the header of the new file has the columns {wanted}; the rows behind it are read by the first header"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:MOST_SHOWN]) + (", ..." if len(names) > MOST_SHOWN else "")


def delimiter_hint(names: Sequence[str], delimiter: str) -> str | None:
    """Return what to do if a header of one column looks as if other characters stood between its columns."""
    if len(names) > 1:
        return None
    counts = {mark: names[0].count(mark) for mark in _DELIMITERS if mark != delimiter}
    mark = max(counts, key=lambda mark: counts[mark])
    if not counts[mark]:
        return None
    return f"the header is one column, {names[0][:60]!r}; did you mean --delimiter {_DELIMITERS[mark]}?"


def _made_unique(names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Number the names that come again: load, load_2; also return the new names."""
    taken, unique, renamed = set(names), [], []
    numbers: dict[str, int] = {}  # the highest that a name has got
    for name in names:
        number = numbers.get(name, 0) + 1
        new = name
        if number > 1:
            while (new := f"{name}_{number}") in taken:
                number += 1
            renamed.append(new)
        numbers[name] = number
        unique.append(new)
    return unique, renamed
