"""`explain`: what the model's answers rest on, by permutation importance, and what must not matter to it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from runner.config.fields import Strict
from runner.judge.choice import Number, Positive, Whole

Name = Annotated[str, Field(min_length=1)]


class Explain(Strict):
    """Permutation importance of every feature, of the champion too where there is one.

    Asked for, it must be computed: what cannot be is ERROR."""

    metric: str | None = Field(
        None, description="roc_auc, of more classes log_loss, of numbers r2, of rankings ndcg where not given"
    )
    permutations: Annotated[Whole, Field(ge=1, le=100)] = 5
    max_rows: Annotated[Whole, Field(ge=100)] = Field(
        20_000, description="so many rows, drawn once by the seed"
    )
    seconds: Positive = Field(60.0, description="what it may take; ERROR where it is not done by then")
    seed: Annotated[Whole, Field(ge=0)] = 0
    alpha: Annotated[Positive, Field(lt=0.5)] = Field(0.05, description="of one side: 1 - 2 alpha is covered")
    groups: dict[Name, tuple[Name, ...]] = Field(
        {}, description="features that are permuted together, since one of them stands in for another"
    )
    must_not_use: tuple[Name, ...] = Field((), description="features or groups that must not matter")
    max_importance: Positive | None = Field(
        None, description="of those, in the metric's unit: the whole interval is at most this"
    )
    max_share_moved: Annotated[Number, Field(gt=0, lt=1)] | None = Field(
        None, description="of the importance, from some features to others, against the champion"
    )

    @model_validator(mode="after")
    def _bounded(self) -> Explain:
        if bool(self.must_not_use) != (self.max_importance is not None):
            raise ValueError("must_not_use and max_importance belong together")
        if len(set(self.must_not_use)) < len(self.must_not_use):
            raise ValueError("must_not_use names a feature twice")
        return self
