"""How aliases move, by what the environment says of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from runner.adapters.aws import Aws
from runner.config.schema import Environment
from runner.release.flow import ALL_AT_ONCE, Traffic
from runner.release.records import Release
from runner.release.target import Moving


@dataclass(frozen=True, slots=True)
class AllAtOnce:
    """The stack itself moves its aliases, in one step."""

    aws: Aws

    def shift(self, moving: Sequence[Moving], release: Release) -> None:
        """Nothing to do: the update that follows points the aliases at the new versions."""

    def back(self, moving: Sequence[Moving]) -> None:
        """No alias sends a part of its traffic elsewhere."""
        for each in moving:
            told = self.aws.call("lambda", "get_alias", FunctionName=each.function, Name=each.alias)
            if (told.get("RoutingConfig") or {}).get("AdditionalVersionWeights"):
                self.aws.call(
                    "lambda", "update_alias", FunctionName=each.function, Name=each.alias,
                    RoutingConfig={"AdditionalVersionWeights": {}}, RevisionId=told["RevisionId"],
                )  # fmt: skip


def traffic_of(environment: Environment, aws: Aws, poll: float, say: Callable[[str], None]) -> Traffic:
    """What moves an environment's aliases."""
    if environment.traffic == ALL_AT_ONCE:
        return AllAtOnce(aws)
    raise NotImplementedError
