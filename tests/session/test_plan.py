"""Two of source, output and model cannot be one file, or one would destroy the other."""

import pytest

from streamrnn import SettingsError
from streamrnn.session import Plan, Session

ROWS = "x\n1\n2\n3\n"


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize(
    ("roles", "message"),
    [
        ({"output": "in.csv"}, "source and output are the same file"),
        ({"output": "link.csv"}, "source and output are the same file"),
        ({"model": "in.csv"}, "source and model are the same file"),
        ({"output": "new.csv", "model": "new.csv"}, "output and model are the same file"),
    ],
)
def test_no_file_has_two_roles(tmp_path, roles, message, overwrite):
    source = tmp_path / "in.csv"
    source.write_text(ROWS)
    (tmp_path / "link.csv").symlink_to(source)
    files = {role: str(tmp_path / name) for role, name in roles.items()}
    with pytest.raises(SettingsError, match=f"^{message}, "):
        Session(Plan(source=str(source), overwrite=overwrite, **files))
    assert source.read_text() == ROWS
    assert not (tmp_path / "new.csv").exists()
