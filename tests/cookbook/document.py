"""The recipes of docs/cookbook.md: every fenced block of bash or Python, by the heading that it stands under."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "cookbook.md"
LANGUAGES = ("bash", "python")


@dataclass(frozen=True)
class Recipe:
    heading: str
    language: str
    code: str


@cache
def recipes() -> tuple[Recipe, ...]:
    """All of them, as they stand in the document."""
    found, heading, language, lines = [], "", None, []
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if language is None and line.startswith("#"):
            heading = line.lstrip("#").strip()
        elif language is None and line.startswith("```"):
            language, lines = line.removeprefix("```"), []
        elif line == "```":
            if language in LANGUAGES:
                found.append(Recipe(heading, language, "\n".join([*lines, ""])))
            language = None
        else:
            lines.append(line)
    return tuple(found)


def recipe(heading: str, language: str = "bash") -> str:
    """The one block of this language under a heading."""
    (code,) = [each.code for each in recipes() if (each.heading, each.language) == (heading, language)]
    return code


def table(heading: str) -> list[list[str]]:
    """The rows of the table under a heading, without its head; code without its backticks."""
    after = PAGE.read_text(encoding="utf-8").split(f"# {heading}\n", 1)[1].split("\n#", 1)[0]
    rows = [line.strip("|").split(" | ") for line in after.splitlines() if line.startswith("|")]
    return [[cell.strip().strip("`") for cell in row] for row in rows[2:]]
