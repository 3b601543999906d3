"""Times, in whatever form a stream has them <-> int64 nanoseconds since 1970 UTC.

::

    from streamrnn.times.reader import TimeReader

    reader = TimeReader("date")                        # or TimeReader("date", "%d.%m.%Y %H:%M")
    times = reader.read(table["date"].chunk(0))        # numpy int64, MISSING where there is no time
    time = reader.read_one("2024-08-08T00:00:00.5Z")   # the same, of one value

Times that count from some start of their own ("elapsed") are nanoseconds since that start. Nothing passes through
floating point on the way: a time of nineteen digits keeps them all.
"""

MISSING = -(2**63)  # no time; NumPy's NaT has the same bits
LARGEST = 2**63 - 1  # nanoseconds, either way: 1677-09-21 to 2262-04-11

SECOND = 10**9
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

UNITS = {"s": SECOND, "ms": 10**6, "us": 10**3, "ns": 1}  # in which numbers can count, by the names of `time_format`

# What a learner can be given of the time, as columns beside those of the stream.
TIME_FEATURES = ("time_since", "hour_sin", "hour_cos", "weekday_sin", "weekday_cos")
CYCLES = TIME_FEATURES[1:]  # those that go round and round between -1 and 1


class TimeError(ValueError):
    """The times of a column cannot be read; the message says which, and what to do about it."""
