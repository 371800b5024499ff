"""The command line: click groups, loaded one by one when they are used, and the only error handler.

Nothing heavy is imported here: `lockgate --help` costs click alone.
"""

from __future__ import annotations

import difflib
import json
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import click

from runner import __version__
from runner.adapters.output import lost, prepare_streams, say
from runner.errors import LockgateError

# command -> (module under runner.cli, one line of help that costs no import)
COMMANDS = {
    "run": ("run", "Run the stages of a solution and give the verdict."),
    "plan": ("plan", "Show what would run, without running it."),
    "build": ("build", "Build the components, and give each content its version."),
    "versions": ("versions", "Show the versions of the components, and how they were judged."),
    "install": ("install", "Fetch what a run needs: environments, functions' dependencies."),
    "sign": ("sign", "Sign a finished run, after judging it anew."),
    "verify": ("verify", "Check a signed manifest, offline."),
    "deploy": ("deploy", "Make what a passing manifest names run in an environment."),
    "status": ("status", "What runs where: versions, since when, by whom, what is under way."),
    "rollback": ("rollback", "Bring back what ran before, or one component of it."),
    "merge": ("merge", "Merge the tested commit of dev into main, or offer to take one back."),
    "profile": ("profile", "Write a first suite for a table, learnt from it."),
    "contract": ("contract", "Write down the columns that a table has, as what is agreed on."),
    "power": ("power", "How many rows a comparison of models needs, or what so many can tell."),
    "diff": ("diff", "Say what changed between two manifests, in plain words."),
    "export": ("export", "A manifest as what other tools of AWS read."),
    "notify": ("notify", "Tell that a run did not pass, and why."),
    "sweep": ("sweep", "Remove what leaked test stacks left."),
    "sandbox": ("sandbox", "A local AWS: up, down, status."),
    "worker": ("worker", "Serve the jobs of a CodePipeline custom action."),
    "infra": ("infra", "Print a CloudFormation template: pipeline, roles, task."),
    "schema": ("schema", "Print the JSON Schema of lockgate.yml."),
    "compile": ("compile", "The plan as a state machine, or as a batch of builds."),
    "task": ("task", "What hosts start inside of containers."),
    "completion": ("completion", "Print the completion script of a shell."),
}


class Commands(click.Group):
    """A group whose commands are imported when they are called, with 'did you mean'."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"runner.cli.{COMMANDS[cmd_name][0]}").command
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], COMMANDS, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(COMMANDS)}"
            raise click.UsageError(f"no such command {args[0]!r}; {hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="lockgate")
def cli() -> None:
    """Test and deploy machine-learning solutions on AWS.

    Exit status: 0 passed, 1 the verdict is FAILED, 2 usage or configuration, 3 could not tell,
    130 interrupted.
    """


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit status; never raises, never prints a traceback."""
    prepare_streams()
    code = _main(argv)
    sys.stdout.flush()
    if (why := lost()) and code == 0:
        return _fail(3, f"the output could not be written whole: {why}", as_json=False)
    return code


def _main(argv: Sequence[str] | None) -> int:
    as_json = "--json" in (sys.argv[1:] if argv is None else argv)
    try:
        result = cli.main(args=argv, prog_name="lockgate", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.ClickException as error:
        error.show()
        return _told(2, error.format_message(), as_json)
    except (KeyboardInterrupt, click.Abort):
        from runner.interrupts import EXIT_INTERRUPTED

        return _fail(EXIT_INTERRUPTED, "interrupted", as_json)
    except LockgateError as error:
        return _fail(error.exit_code, str(error), as_json)
    except OSError as error:  # a file where a folder has to be, a full disk, a folder that is gone
        place = f"{error.filename}: " if error.filename else ""
        return _fail(3, f"{place}{error.strerror or error}\n  -> nothing was judged", as_json)
    except Exception as error:
        text = f"{type(error).__name__}: {error}\n  -> this is a bug in lockgate; nothing was judged"
        return _fail(3, text, as_json)


def _fail(code: int, text: str, as_json: bool) -> int:
    say(sys.stderr, f"lockgate: {text}")
    return _told(code, text, as_json)


def _told(code: int, text: str, as_json: bool) -> int:
    """A machine that asked for JSON gets it for an error too."""
    if as_json:
        say(sys.stdout, json.dumps({"exit_code": code, "error": text}))
    return code
