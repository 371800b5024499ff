"""Every AWS call of this process, counted where botocore sends it: whoever made the client."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import botocore.handlers
import pytest

from runner.adapters.aws import Aws, AwsTarget, boto_clients, sandbox_target
from runner.release.reads import is_read


@dataclass
class Calls:
    """What was sent: 'service:Operation', in order."""

    sent: list[tuple[str, str]] = field(default_factory=list)

    def __call__(self, model: Any, **_: Any) -> None:
        self.sent.append((model.service_model.service_name, model.name))

    @property
    def writes(self) -> list[str]:
        """Those that are on no list of reads."""
        return [f"{service}:{name}" for service, name in self.sent if not is_read(service, name)]


@contextmanager
def counted() -> Iterator[Calls]:
    """A hook in every botocore session that is made from now on; clients of before are not counted."""
    calls = Calls()
    with pytest.MonkeyPatch.context() as patch:
        handlers = [*botocore.handlers.BUILTIN_HANDLERS, ("before-call", calls)]
        patch.setattr(botocore.handlers, "BUILTIN_HANDLERS", handlers)
        yield calls


def as_if_real(url: str) -> Callable[[AwsTarget], Aws]:
    """An AWS that says it is a real account, whose calls go to a sandbox."""
    return lambda target: Aws(target, boto_clients(sandbox_target(url)))
