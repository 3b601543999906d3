"""Category <-> code: the categories of one column, numbered in the order in which they came.

Code 0 is reserved for whatever has no code of its own: what comes when the vocabulary is full, what is too long, and,
while nothing is learned, what was never seen. So the memory is fixed. A code means the same category for ever, unless
`Vocabulary.let_go` lets those that have not been seen for long give theirs to new ones.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from ..settings import SettingsError

if TYPE_CHECKING:
    import pyarrow

NOTHING = -1  # the code of a null
RESERVED = 0
FEW = 8  # texts, that are coded before Arrow has found out which are equal
LONGEST = 256  # characters of a category


class Vocabulary:
    """The categories of one column.

    Parameters
    ----------
    most : int
        How many categories get a code of their own; they are numbered from 1.

    Examples
    --------
    >>> vocabulary = Vocabulary(2)
    >>> [vocabulary.code(state) for state in ("on", "off", "on", "stuck", None)]
    [1, 2, 1, 0, -1]
    >>> vocabulary.categories
    ['on', 'off']
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._codes: dict[str, int] = {}
        self._texts: pyarrow.Array | None = None
        self._names: list[str | None] = [None]  # all that codes have stood for since `begin_answers`
        self._places = np.arange(1 + most)  # where among them each code's category stands
        self._seen: np.ndarray | None = None
        self._forget: Callable[[int], None] | None = None
        self._greet: Callable[[str, int], None] | None = None

    def __len__(self) -> int:
        return len(self._codes)

    @property
    def categories(self) -> list[str]:
        """The categories in the order of their codes, from 1."""
        return sorted(self._codes, key=self._codes.__getitem__)

    def let_go(self, seen: np.ndarray, forget: Callable[[int], None]) -> None:
        """From now on the category least recently seen gives its code to a new one when there is no other.

        seen: (codes,) int64, when each came last, kept up to date; forget: called with a code before it is given away
        """
        self._seen, self._forget = seen, forget

    def greet(self, greet: Callable[[str, int], None]) -> None:
        """From now on each category that gets a code, or had it in a checkpoint, is told with it."""
        self._greet = greet

    def restore(self, categories: Iterable[str]) -> None:
        """Take the categories of a checkpoint, in the order of their codes."""
        self._codes, self._names = {category: code for code, category in enumerate(categories, 1)}, []
        self.begin_answers()
        if self._greet is not None:
            for category, code in self._codes.items():
                self._greet(category, code)

    def code(self, value: Any, grow: bool = True) -> int:
        """Return the code of one value; a new category gets the next one if there is one left, and if it may."""
        text = value if type(value) is str else category_text(value)
        if text is None:
            return NOTHING
        code = self._codes.get(text)
        if code is None:
            code = self._add(text) if grow else RESERVED
        if self._seen is not None and grow:
            self._seen[code] = self._seen.max() + 1
        return code

    def is_new(self, text: str | None) -> bool:
        """Whether a category has no code yet."""
        return text is not None and text not in self._codes

    def codes(self, column: pyarrow.StringArray, grow: bool = True) -> np.ndarray:
        """Return the codes of texts, int64 (rows,): as `code` gives them one by one."""
        import pyarrow

        if len(column) <= FEW or self._seen is not None:
            return np.array([self.code(text, grow) for text in column.to_pylist()], np.int64)
        encoded = column.dictionary_encode()
        distinct = [self.code(text, grow) for text in encoded.dictionary.to_pylist()]  # in the order of first arrival
        indices = encoded.indices.cast(pyarrow.int64()).fill_null(-1).to_numpy(zero_copy_only=False)
        codes: np.ndarray = np.array([*distinct, NOTHING], np.int64)[indices]
        return codes

    def begin_answers(self) -> None:
        """Begin to read answers: until the next time `place_codes` keeps apart what one code has stood for."""
        if len(self._names) == 1 + len(self._codes):
            return  # no code has been given away
        self._names, self._texts = [None, *self.categories], None
        self._places = np.arange(1 + self._most)

    def place_codes(self, codes: np.ndarray) -> None:
        """Let codes, float64 (rows,), NaN where there is none, mean for good what they mean now."""
        if self._seen is not None:
            known = codes >= 1
            codes[known] = self._places[codes[known].astype(np.int64)]

    def category(self, code: float) -> str | None:
        """Return the category of a code; None for one that names none, NaN among them."""
        return self._names[int(code)] if 1 <= code < len(self._names) else None

    def texts(self, codes: np.ndarray) -> pyarrow.Array:
        """Return the categories of codes, float64 (rows,), as an Arrow array; null where a code names none.

        codes: (rows,) float64, NaN where there is none
        """
        places = np.where(codes >= 1, codes, 0).astype(np.int64)
        return self._table().take(places)

    def _add(self, text: str) -> int:
        if len(text) > LONGEST:
            return RESERVED
        code = len(self._codes) + 1
        if code > self._most:
            if self._seen is None or self._forget is None:
                return RESERVED
            code = 1 + int(np.argmin(self._seen[1:]))
            del self._codes[next(old for old, its in self._codes.items() if its == code)]
            self._forget(code)
        if self._greet is not None:
            self._greet(text, code)
        self._codes[text] = code
        self._places[code] = len(self._names)
        self._names.append(text)
        return code

    def _table(self) -> pyarrow.Array:
        """The categories by their codes."""
        import pyarrow

        if self._texts is None or len(self._texts) < len(self._names):
            self._texts = pyarrow.array(self._names, pyarrow.string())
        return self._texts


def category_text(value: Any) -> str | None:
    """A cell of a categorical column as text: 3 and 3.0 are ``3``, True is ``true``; None and NaN are no category.

    Raises
    ------
    TypeError
        If it is neither text nor a number nor missing.
    """
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return None if math.isnan(value) else _number_text(value)
    raise TypeError(f"{value!r} is neither text nor a number")


def _number_text(number: float) -> str:
    if number.is_integer() and abs(number) < 1e15:
        return str(int(number))
    import pyarrow

    text: str = pyarrow.scalar(number).cast(pyarrow.string()).as_py()
    return text


def category_texts(column: pyarrow.Array, name: str) -> pyarrow.Array:
    """A column of text or numbers as strings, as `category_text` gives them one by one.

    Raises
    ------
    SettingsError
        If it holds anything else.
    """
    import pyarrow

    kind = column.type
    if pyarrow.types.is_dictionary(kind):
        column, kind = column.cast(kind.value_type), kind.value_type
    if pyarrow.types.is_floating(kind):
        column = pyarrow.array(column.to_numpy(zero_copy_only=False).astype(np.float64), from_pandas=True)
    usable = ("string", "large_string", "string_view", "integer", "floating", "boolean", "null")
    if not any(getattr(pyarrow.types, f"is_{name}")(kind) for name in usable):
        raise SettingsError(f"column {name!r} holds {kind}, neither text nor numbers; it cannot be categorical")
    return column.cast(pyarrow.string())
