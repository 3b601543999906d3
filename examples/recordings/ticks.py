"""Quotes and trades of a market as they were received, of a file that hftbacktest has among its examples.

curl -LO https://github.com/nkaz001/hftbacktest/raw/master/examples/spot/btcusdt_20240808.gz
python examples/recordings/ticks.py btcusdt_20240808.gz ticks.arrow
"""

import gzip
import json
import sys

import pyarrow as pa
from pyarrow import feather


def row_of(nanoseconds: str, message: str) -> dict[str, object] | None:
    """One line of the file; None if it is neither the best quote nor a trade."""
    event = json.loads(message)
    stream, data = event.get("stream", ""), event.get("data", {})
    row: dict[str, object] = {"received": int(nanoseconds)}
    if stream.endswith("@bookTicker"):
        names = {"bid_price": "b", "bid_size": "B", "ask_price": "a", "ask_size": "A"}
        return row | {name: float(data[short]) for name, short in names.items()}
    if stream.endswith("@trade"):
        price, size = float(data["p"]), float(data["q"])
        return row | {"trade_price": price, "trade_size": size, "trade_side": "sell" if data["m"] else "buy"}
    return None


if __name__ == "__main__":
    source, output = sys.argv[1:]
    with gzip.open(source, "rt") as lines:
        rows = [row for line in lines if (row := row_of(*line.split(" ", 1)))]
    names = list(dict.fromkeys(name for row in rows for name in row))
    table = pa.table({name: [row.get(name) for row in rows] for name in names})
    received = table["received"].cast(pa.timestamp("ns", "UTC"))
    feather.write_feather(table.set_column(0, "received", received), output, compression="uncompressed")
