"""Rules on more than one number: calibration, regressions against the champion, behaviour, robustness,
leakage, classes that are predicted. Each model's docstring says what the rule bounds."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from runner.config.fields import RelPath, Strict
from runner.judge.choice import MetricChoice, Number, Positive, Whole

Share = Annotated[Number, Field(ge=0, lt=1)]
Threshold = Annotated[Number, Field(gt=0, lt=1)]
Alpha = Annotated[Positive, Field(lt=0.5)]
Column = Annotated[str, Field(min_length=1)]
Columns = Annotated[tuple[Column, ...], Field(min_length=1)]
OF_ONE_SIDE = "of one side: the interval covers 1 - 2 alpha"


class Calibration(Strict):
    """The largest expected calibration error, as measured; the rest by evidence: the whole interval lies
    within the bounds (see runner.judge.recalibration)."""

    max_error: Annotated[Positive, Field(lt=1)]
    bins: Annotated[Whole, Field(ge=2, le=1000)] = 10
    in_the_large: Annotated[Positive, Field(lt=1)] | None = Field(
        None, description="observed minus stated frequency over all rows is at most this far from 0"
    )
    slope: tuple[Number, Number] | None = Field(None, description="of a logistic recalibration; 1 is exact")
    intercept: tuple[Number, Number] | None = Field(None, description="of the same fit, log-odds; 0 is exact")
    alpha: Alpha = Field(0.05, description=OF_ONE_SIDE)


class Regressions(Strict):
    """Rows that the champion has right and the candidate has wrong (negative flips)."""

    max_share: Share = Field(description="of all rows; 0.02 is two in a hundred")
    threshold: Threshold | None = Field(None, description="binary: 1 from this probability on; 0.5")
    worse_by: Positive | None = Field(
        None, description="regression: a row is worse where its absolute error grew by more than this"
    )
    examples: Annotated[Whole, Field(ge=0, le=1000)] = Field(20, description="rows that are shown")
    by: tuple[Column, ...] = Field((), description="columns by whose values the share is shown, not judged")
    alpha: Alpha = Field(0.05, description=OF_ONE_SIDE)


class Invariance(Strict):
    """Changing a column must not move the answer by more than `within`."""

    column: Column
    change: Literal["permute"] | None = Field(None, description="each row gets another row's value")
    to: tuple[Number, ...] = Field((), description="each row gets each of these values in turn")
    add: Number | None = None
    within: Annotated[Number, Field(ge=0)] = Field(description="in the answer's unit")
    share: Share = Field(0.0, description="of the changed rows, that may move further")

    @model_validator(mode="after")
    def _one_change(self) -> Invariance:
        if sum((self.change is not None, bool(self.to), self.add is not None)) != 1:
            raise ValueError("one of `change: permute`, `to` and `add`")
        return self


class Direction(Strict):
    """Raising (or lowering) a column must not lower (or raise) the answer."""

    column: Column
    add: Number | None = None
    scale: Positive | None = Field(None, description="a factor; rows whose value is not above 0 are left")
    must: Literal["not_lower", "not_raise"]
    tolerance: Annotated[Number, Field(ge=0)] = 1e-6
    share: Share = Field(0.0, description="of the changed rows, that may do so")

    @model_validator(mode="after")
    def _one_change(self) -> Direction:
        if (self.add is None) == (self.scale is None):
            raise ValueError("one of `add` and `scale`")
        return self


class NamedRows(Strict):
    """Rows that a person wrote down, each with the answer that it must get (JSON lines)."""

    rows: RelPath


class Behaviour(Strict):
    """One behavioural test: an invariance, a direction, or named rows (`unit`)."""

    name: str | None = Field(None, min_length=1, max_length=60, description="in the check's id")
    invariance: Invariance | None = None
    direction: Direction | None = None
    unit: NamedRows | None = None

    @model_validator(mode="after")
    def _one_test(self) -> Behaviour:
        if sum(each is not None for each in (self.invariance, self.direction, self.unit)) != 1:
            raise ValueError("one of `invariance`, `direction` and `unit`")
        return self

    @property
    def label(self) -> str:
        """What it is, as it stands in the check's id."""
        if self.unit:
            return f"unit({self.name or self.unit.rows})"
        kind, rule = ("invariance", self.invariance) if self.invariance else ("direction", self.direction)
        return f"{kind}({self.name or (rule.column if rule else '')})"


class Perturbed(MetricChoice):
    """Which loss of a metric a perturbation of columns may cost, by evidence."""

    columns: Columns
    max_loss: Positive = Field(description="in the metric's unit")
    seed: Annotated[Whole, Field(ge=0)] = 0
    alpha: Alpha = Field(0.05, description=OF_ONE_SIDE)


class Noise(Perturbed):
    """Normal noise is added to columns."""

    sd: Positive = Field(0.1, description="in standard deviations of each column's own values")


class Missing(Perturbed):
    """Values of columns are taken away, each on its own."""

    share: Annotated[Positive, Field(le=1)] = 0.1


class Unseen(Strict):
    """A category code that no row has must still get a valid answer; columns in turn."""

    columns: Columns
    code: Number | None = Field(None, description="one above the largest there is, where not given")


class Robustness(Strict):
    """What becomes of the answers where the inputs are worse than in the table."""

    noise: Noise | None = None
    missing: Missing | None = None
    unseen: Unseen | None = None


class SingleFeature(Strict):
    """No single feature predicts the label this well: one that does probably knows it."""

    max_auc: Annotated[Number, Field(gt=0.5, lt=1)] | None = Field(None, description="classification")
    max_r2: Annotated[Number, Field(gt=0, lt=1)] | None = Field(None, description="regression")
    ignore: tuple[Column, ...] = Field((), description="features that are known to, rightly")


class Duplicates(Strict):
    """Rows of the training table are not in the evaluation table."""

    train: RelPath = Field(description="the training table, .parquet or .csv")
    max_share: Share = Field(0.0, description="of the evaluation's rows")
    columns: tuple[Column, ...] = Field((), description="that make rows the same; the features")


class TimeOrder(Strict):
    """No row of the evaluation is earlier than the last row of the training table."""

    train: RelPath = Field(description="the training table, .parquet or .csv")
    column: Column = Field(description="a number, a date or an ISO 8601 text, of both tables")


class Leakage(Strict):
    """Whether the evaluation shows what it seems to: nothing in it gives the label away."""

    single_feature: SingleFeature | None = None
    duplicates: Duplicates | None = None
    time: TimeOrder | None = None


class ClassesPredicted(Strict):
    """Every class of the task is predicted for more than `min_share` of the rows."""

    threshold: Threshold | None = Field(None, description="binary: 1 from this probability on; 0.5")
    min_share: Share = Field(0.0, description="of all rows, for each class")
