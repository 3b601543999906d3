"""The cookbook as a document."""

from pathlib import Path

import pytest

from cookbook.document import PAGE, recipes

TESTS = "".join(path.read_text() for path in sorted(Path(__file__).parent.glob("test_*.py")))


@pytest.mark.parametrize("recipe", recipes(), ids=lambda recipe: f"{recipe.heading} ({recipe.language})")
def test_every_recipe_has_its_test(recipe):
    assert f'"{recipe.heading}"' in TESTS


def test_no_two_recipes_of_a_language_share_a_heading():
    names = [(recipe.heading, recipe.language) for recipe in recipes()]
    assert len(names) == len(set(names))


def test_every_file_that_it_links_to_exists():
    text = PAGE.read_text(encoding="utf-8")
    links = [piece.partition(")")[0] for piece in text.split("](")[1:]]
    headings = {line.lstrip("# ").strip().lower().replace(" ", "-") for line in text.splitlines() if line[:1] == "#"}
    for link in links:
        assert link[1:] in headings if link.startswith("#") else (PAGE.parent / link).exists(), link
