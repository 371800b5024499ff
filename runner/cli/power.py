"""`lockgate power`: before anyone collects data, how many rows a comparison needs and what rows can tell."""

from __future__ import annotations

import json
import math
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from runner.cli import options

if TYPE_CHECKING:
    from runner.judge.paired.power import Design


class Between(click.ParamType[float]):
    """A finite number strictly between two others."""

    name = "number"

    def __init__(self, low: float, high: float = math.inf) -> None:
        self.low, self.high = low, high

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        found = click.FLOAT.convert(value, param, ctx)
        if not self.low < found < self.high:
            above = (
                f"above {self.low:g}" if self.high == math.inf else f"between {self.low:g} and {self.high:g}"
            )
            self.fail(f"{value} is not {above}", param, ctx)
        return float(found)


def _metric(ctx: click.Context, option: click.Parameter, value: str) -> str:
    from runner.judge.metrics import METRICS

    if value not in METRICS:
        near = get_close_matches(value, METRICS, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(METRICS)}"
        raise click.BadParameter(f"no such metric {value!r}; {hint}", ctx, option)
    return value


def _complete(ctx: click.Context, option: click.Parameter, start: str) -> list[str]:
    from runner.judge.metrics import METRICS

    return [name for name in METRICS if name.startswith(start)]


SHARE, ABOVE = Between(0, 1), Between(0)


@click.command("power")
@click.option(
    "--metric", required=True, callback=_metric, shell_complete=_complete, metavar="NAME",
    help="The metric, under scikit-learn's name.",
)  # fmt: skip
@click.option("--margin", type=ABOVE, required=True, help="The loss that is not tolerated, in its unit.")
@click.option("--loss", type=ABOVE, help="A loss that is to be told.  [default: the margin]")
@click.option("--rows", type=click.IntRange(1, 10**10), help="How many there are; else how many it needs.")
@click.option("--power", "wanted", type=SHARE, default=0.8, show_default=True, help="How often it is right.")
@click.option("--alpha", type=Between(0, 0.5), default=0.05, show_default=True, help="How often it errs.")
@click.option("--expected", type=ABOVE, help="The champion's value of the metric.")
@click.option(
    "--disagreement", type=SHARE,
    help="The share of rows labelled differently; for roc_auc of pairs ordered differently.",
)  # fmt: skip
@click.option("--correlation", type=SHARE, help="roc_auc: of both models' scores within a class.")
@click.option("--positives", type=SHARE, help="The share of positive rows.  [default: 0.5]")
@click.option("--deviation", type=ABOVE, help="Of means (log_loss, ...): of the differences, row by row.")
@click.option(
    "--pilot", type=click.Path(path_type=Path, dir_okay=False),
    help="Measure all of it on a table (.parquet, .csv) of both models' predictions.",
)  # fmt: skip
@click.option("--truth", default="y_true", show_default=True, help="The pilot's column of labels.")
@click.option("--candidate", default="y_score", show_default=True, help="The one of the candidate's scores.")
@click.option("--champion", default="champion_score", show_default=True, help="The one of the champion's.")
@click.option("--group", metavar="COLUMN", help="The one whose values are clusters of rows.")
@click.option("--query", metavar="COLUMN", help="ndcg: the one whose values are queries.")
@click.option("--threshold", type=SHARE, help="From which score on the pilot's labels are 1.  [default: 0.5]")
@options.as_json
def command(
    metric: str, margin: float, loss: float | None, rows: int | None, wanted: float, alpha: float,
    pilot: Path | None, as_json: bool, **said: Any,
) -> int:  # fmt: skip
    """Say how many rows a comparison with the champion needs, or what so many rows can tell.

    Accuracy needs --disagreement; other metrics of labels and roc_auc --expected and --disagreement (and
    --positives); means of rows --deviation. --pilot measures it, for every metric.

    Exit status: 0, 2 usage, 3 the pilot cannot be read.
    """
    from runner.judge.paired.answer import Asked, answered

    design = _design(metric, alpha, pilot, said)
    asked = Asked(metric, margin, loss or margin, alpha, wanted, rows)
    found = answered(asked, design)
    click.echo(json.dumps(found.data()) if as_json else found.words())
    return 0


def _design(metric: str, alpha: float, pilot: Path | None, said: dict[str, Any]) -> Design:
    """From the pilot or from what is expected; both at once would be two answers."""
    from runner.errors import UsageError
    from runner.judge.paired.pilot import Pilot
    from runner.judge.paired.question import Question
    from runner.judge.predictions import CannotCompute

    expected = {n: said[n] for n in ("expected", "disagreement", "correlation", "positives", "deviation")}
    if pilot is None:
        return Question(metric, **expected).design()
    if given := [name for name, value in expected.items() if value is not None]:
        raise UsageError(f"--{given[0]} is measured on the pilot", where="lockgate power")
    columns = {name: said[name] for name in ("truth", "champion", "group", "query", "threshold")}
    try:
        return Pilot(pilot, score=said["candidate"], **columns).compared(metric, alpha).design
    except CannotCompute as error:
        raise UsageError(str(error), where="lockgate power") from None
