"""What rules of the acceptance criteria are made of: numbers, a metric with its options, its bounds."""

from __future__ import annotations

from dataclasses import fields
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from runner.config.fields import Strict
from runner.judge.options import Options


def _number(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("a number, not yes or no")
    return value


Number = Annotated[float, BeforeValidator(_number), Field(allow_inf_nan=False)]
Positive = Annotated[float, BeforeValidator(_number), Field(gt=0, allow_inf_nan=False)]
Whole = Annotated[int, BeforeValidator(_number)]


class MetricChoice(Strict):
    """A metric under scikit-learn's name, with its options."""

    metric: str
    threshold: Annotated[float, BeforeValidator(_number), Field(gt=0, lt=1)] | None = Field(
        None, description="a binary prediction is 1 from this probability on; 0.5 where not given"
    )
    average: Literal["binary", "macro", "micro", "weighted"] | None = None
    multi_class: Literal["ovr", "ovo"] | None = Field(
        None, description="roc_auc of several classes: each against the rest (ovr), or each pair (ovo)"
    )
    quantile: Annotated[float, BeforeValidator(_number), Field(gt=0, lt=1)] | None = Field(
        None, description="which one mean_pinball_loss is of; 0.5 where not given"
    )
    k: Annotated[Whole, Field(ge=1)] | None = Field(
        None, description="how many places of each query ndcg looks at; all where not given"
    )
    bins: Annotated[Whole, Field(ge=2, le=1000)] | None = Field(
        None, description="of expected_calibration_error; 10 where not given"
    )

    @property
    def options(self) -> Options:
        return Options(**{each.name: getattr(self, each.name) for each in fields(Options)})

    @property
    def label(self) -> str:
        """The metric with its options, as it stands in the check's id."""
        return f"{self.metric}{self.options}"


class MetricRule(MetricChoice):
    """Absolute thresholds; at least one of them."""

    min: Number | None = None
    max: Number | None = None
