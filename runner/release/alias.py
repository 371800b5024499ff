"""A Lambda alias: where it points, and moving it by compare-and-swap."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from runner.adapters.aws import Aws, AwsError
from runner.errors import InfrastructureError

CHANGED = "PreconditionFailedException"
Guard = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Routing:
    """Where an alias points: to `version`, but for the shares in [0, 1] of other versions."""

    version: str
    shares: Mapping[str, float] = field(default_factory=dict)

    def share(self, version: str) -> float:
        """A version's part of the traffic."""
        return 1 - sum(self.shares.values()) if version == self.version else self.shares.get(version, 0.0)

    def __str__(self) -> str:
        return ", ".join([self.version, *(f"{share:.0%} to {v}" for v, share in self.shares.items())])


@dataclass(frozen=True, slots=True)
class LambdaAlias:
    """One alias of one function. `guard` is called right before each change. Methods raise AwsError."""

    aws: Aws
    function: str
    name: str
    guard: Guard

    def __str__(self) -> str:
        return f"{self.function}:{self.name}"

    def routing(self) -> Routing:
        return self._read()[0]

    def route(self, wanted: Routing) -> bool:
        """Point it where it is wanted; whether that changed anything. Raises InfrastructureError where
        somebody else changed it meanwhile."""
        found, revision = self._read()
        if found == wanted:
            return False
        self.guard()
        try:
            self.aws.call(
                "lambda", "update_alias", FunctionName=self.function, Name=self.name,
                FunctionVersion=wanted.version, RevisionId=revision,
                RoutingConfig={"AdditionalVersionWeights": dict(wanted.shares)},
            )  # fmt: skip
        except AwsError as error:
            self._explain(wanted, error)
        return True

    def _explain(self, wanted: Routing, error: AwsError) -> None:
        """An update that failed: nothing is wrong if only its answer was lost. Raises else."""
        now = self.routing()
        if now == wanted:
            return
        if error.code == CHANGED:
            raise InfrastructureError(
                f"somebody else moved it meanwhile: it points to {now}",
                where=str(self),
                hint="the same command goes on from there; `lockgate status` says what runs",
            ) from error
        raise error

    def _read(self) -> tuple[Routing, str]:
        told = self.aws.call("lambda", "get_alias", FunctionName=self.function, Name=self.name)
        shares = (told.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
        return Routing(str(told["FunctionVersion"]), dict(shares)), str(told["RevisionId"])
