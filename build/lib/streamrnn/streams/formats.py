"""Which format a stream has: by its name, or by its first bytes."""

import codecs
from pathlib import PurePath

READABLE = ("arrow", "csv", "ndjson", "parquet")
WRITABLE = ("arrow", "csv", "ndjson")

EXTENSIONS = {
    ".arrow": "arrow",
    ".arrows": "arrow",
    ".feather": "arrow",
    ".ipc": "arrow",
    ".csv": "csv",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".json": "ndjson",
    ".parquet": "parquet",
    ".pq": "parquet",
}
COMPRESSED_EXTENSIONS = (".gz", ".zst")

ARROW_FILE_MAGIC = b"ARROW1\0\0"
ARROW_STREAM_MAGIC = b"\xff\xff\xff\xff"
PARQUET_MAGIC = b"PAR1"
CODEC_MAGICS = {"gzip": b"\x1f\x8b", "zstd": b"\x28\xb5\x2f\xfd"}
BYTE_ORDER_MARK = b"\xef\xbb\xbf"

# Field metadata of a text column that held numbers in NDJSON, so that they can be written as numbers again.
HOLDS_NUMBERS = {b"json": b"number"}


def format_of_name(path: str) -> str | None:
    """`load.csv` and `load.csv.gz` are CSV; None where the extension says nothing."""
    name = PurePath(path)
    if name.suffix.lower() in COMPRESSED_EXTENSIONS:
        name = name.with_suffix("")
    return EXTENSIONS.get(name.suffix.lower())


def format_of_bytes(start: bytes) -> str | None:
    """The format of a stream that starts so; text that is no JSON object is taken for CSV."""
    if start.startswith((b"ARROW1", ARROW_STREAM_MAGIC)):
        return "arrow"
    if start.startswith(PARQUET_MAGIC):
        return "parquet"
    text = start.removeprefix(BYTE_ORDER_MARK).lstrip()
    if text.startswith(b"{"):
        return "ndjson"
    return "csv" if _is_text(start) and not text.startswith(b"[") else None


def codec_of_bytes(start: bytes) -> str | None:
    """The compression of a stream that starts so, or None."""
    for codec, magic in CODEC_MAGICS.items():
        if start.startswith(magic):
            return codec
    return None


def _is_text(start: bytes) -> bool:
    try:
        codecs.utf_8_decode(start, "strict", False)  # the last character may be cut
    except UnicodeDecodeError:
        return False
    return b"\0" not in start
