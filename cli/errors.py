"""What goes wrong becomes one line on stderr and an exit code.

0 done, 1 data or runtime error, 2 usage, 130 and 143 after SIGINT and SIGTERM, 141 when the reader of stdout has gone.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable

import click

FAILED = 1
USAGE = 2
INTERRUPTED = 130
READER_GONE = 141
SHOW_BUGS = "STREAMRNN_TRACEBACK"


class ReaderGoneError(Exception):
    """Nobody reads stdout any more."""


def complain(message: str) -> None:
    """Write one line for the person at the terminal."""
    click.echo(f"streamrnn: {' '.join(message.split())}", err=True)


def exit_code_of(command: Callable[[], object]) -> int:
    """Run a command; return what it returns, or the code of what went wrong."""
    try:
        code = command()
        if sys.stdout is not None:
            sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except (ReaderGoneError, BrokenPipeError):
        _drop_what_stdout_holds()
        return READER_GONE
    except (KeyboardInterrupt, click.Abort):
        return INTERRUPTED
    except click.ClickException as error:
        complain(_in_one_line(error))
        return error.exit_code
    except MemoryError as error:
        complain(f"there is not enough memory: {error or 'make the network smaller'}")
    except OSError as error:
        complain(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    except Exception as error:
        return _code_of(error)
    return FAILED


def _code_of(error: Exception) -> int:
    from streamrnn.checkpoints.file import CheckpointError
    from streamrnn.session import SessionError
    from streamrnn.settings import SettingsError
    from streamrnn.streams import StreamError
    from streamrnn.times import TimeError

    if isinstance(error, SettingsError):
        complain(str(error))
        return USAGE
    if isinstance(error, StreamError | CheckpointError | SessionError | TimeError):
        complain(str(error))
        return FAILED
    if os.environ.get(SHOW_BUGS):
        traceback.print_exception(error)
    complain(f"this is a bug: {type(error).__name__}: {error}; {SHOW_BUGS}=1 shows where")
    return FAILED


def _in_one_line(error: click.ClickException) -> str:
    message = error.format_message()
    if isinstance(error, click.NoSuchOption) and error.ctx:
        return f"{message.rstrip('.')}; see {error.ctx.command_path} -h"
    return message


def _drop_what_stdout_holds() -> None:
    """Keep Python from complaining at its end that nobody reads."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
