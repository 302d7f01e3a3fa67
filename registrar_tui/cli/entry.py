"""The way in: global options, then the desk or a command, then every failure as an exit code.

Standard library only, so that the bare desk does not pay for the command line's parser.
"""

from __future__ import annotations

import os
import sys

from registrar_tui.cli.errors import explained, report
from registrar_tui.cli.exit_codes import ExitCode
from registrar_tui.cli.hoist import Hoisted, hoist
from registrar_tui.cli.interrupts import Ended, interrupts_heard
from registrar_tui.cli.output import Output

_BY_SIGNAL = 128
"""What a shell reports for a program that a signal has ended, beside the signal's number."""


def run(arguments: list[str]) -> int:
    """Run one command line without the program's name; returns the exit code and raises nothing."""
    hoisted = hoist(arguments)
    output = Output(as_json=hoisted.options.json, quiet=hoisted.options.quiet)
    try:
        with interrupts_heard():
            code = _attempt(hoisted, output)
    except BrokenPipeError:
        code = _reader_gone()
    except Ended as ended:
        code = _BY_SIGNAL + ended.number
    except KeyboardInterrupt:
        code = ExitCode.INTERRUPTED
    return int(code)


def _attempt(hoisted: Hoisted, output: Output) -> int:
    try:
        if hoisted.problem:
            raise hoisted.problem
        code = _dispatch(hoisted, output)
        output.flush()
    except BrokenPipeError:
        raise
    except Exception as error:
        return _tell(error, output)
    return code


def _dispatch(hoisted: Hoisted, output: Output) -> int:
    if hoisted.rest in ((), ("--",)):
        from registrar_tui.cli.desk import open_desk

        return open_desk(hoisted.options)
    # Typer is 60 ms of import.
    from registrar_tui.cli.main import dispatch

    return dispatch(hoisted, output)


def _tell(error: Exception, output: Output) -> int:
    try:
        return report(error, output)
    except BrokenPipeError:
        raise
    except OSError:
        # A full disk: the line on stderr and the code remain, and exit must not fail once more.
        _silence_stdout()
        return int(explained(error).exit_code)


def _reader_gone() -> ExitCode:
    # `registrar … | head`: what a shell reports for a writer that SIGPIPE has ended.
    _silence_stdout()
    return ExitCode.READER_GONE


def _silence_stdout() -> None:
    # The interpreter flushes stdout once more when it exits and would print its own complaint.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
