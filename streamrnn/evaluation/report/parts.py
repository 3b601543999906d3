"""Pieces of HTML that the page is put together from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape


def definitions(pairs: Iterable[tuple[str, str]]) -> str:
    """Words and what they mean."""
    return f"<dl>{''.join(f'<dt>{escape(word)}</dt><dd>{escape(text)}</dd>' for word, text in pairs)}</dl>"


def table(header: Sequence[str], rows: Iterable[str]) -> str:
    """A table that scrolls within the page where it is too wide."""
    head = "".join(f"<th>{escape(text)}</th>" for text in header)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table></div>'


def row(cells: Sequence[str], kind: str = "") -> str:
    """A row of a table; kind: its attributes."""
    return f"<tr{kind}>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"


def charts(drawn: Iterable[str]) -> str:
    """Charts side by side where there is room."""
    return f'<div class="charts">{"".join(drawn)}</div>'


def section(title: str, drawn: Sequence[str]) -> str:
    """Charts under a title, or nothing where there are none."""
    return f"<h2>{escape(title)}</h2>{charts(drawn)}" if any(drawn) else ""


def details(title: str, content: str, is_open: bool = False) -> str:
    """Something to be unfolded."""
    return f"<details{' open' if is_open else ''}><summary>{escape(title)}</summary>{content}</details>"
