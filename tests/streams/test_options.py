"""How a source is read: what cannot be, is refused at once."""

import pytest

from streamrnn.streams import ReadOptions


def test_the_defaults_are_those_of_most_files():
    options = ReadOptions()
    assert (options.delimiter, options.quote, options.comment, options.follow) == (",", '"', "", False)


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ({"delimiter": ""}, "delimiter must be one ASCII character, not ''"),
        ({"delimiter": ";;"}, "delimiter must be one ASCII character, not ';;'"),
        ({"quote": "é"}, "quote must be one ASCII character, not 'é'"),
        ({"comment": "\n"}, r"comment must be one ASCII character, not '\\n'"),
        ({"delimiter": "\0"}, r"delimiter must be one ASCII character, not '\\x00'"),
        ({"delimiter": "#", "comment": "#"}, "delimiter, quote and comment must differ: '#', '\"', '#'"),
        ({"max_line_bytes": 0}, "max_line_bytes must be at least 1, not 0"),
    ],
)
def test_what_cannot_be_is_refused(named, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        ReadOptions(**named)


def test_there_may_be_no_quotes():
    assert ReadOptions(quote="").quote == ""
