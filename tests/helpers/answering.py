"""AWS services that give prepared answers; each request and answer is held against botocore's model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from botocore import xform_name
from botocore.exceptions import ClientError
from botocore.loaders import Loader
from botocore.model import ServiceModel
from helpers.aws_model import problems

from runner.adapters.aws import Aws, sandbox_target

Answer = dict[str, Any] | ClientError | Callable[..., dict[str, Any]]


class Service:
    """A boto3 client: `answers` by operation (describe_stacks); a callable is given the request."""

    def __init__(self, name: str, answers: Mapping[str, Answer], calls: list[tuple[str, str]]) -> None:
        model = ServiceModel(Loader().load_service_model(name, "service-2"))
        self._operations = {xform_name(o): model.operation_model(o) for o in model.operation_names}
        self._name, self._answers, self._calls = name, answers, calls

    def __getattr__(self, operation: str) -> Callable[..., dict[str, Any]]:
        def call(**request: Any) -> dict[str, Any]:
            self._calls.append((self._name, operation))
            model = self._operations[operation]
            _require(model.input_shape, request)
            found = self._answers[operation]
            if isinstance(found, ClientError):
                raise found
            answer = found(**request) if callable(found) else found
            _require(model.output_shape, answer)
            return answer

        return call

    def get_paginator(self, operation: str) -> Any:
        call = getattr(self, operation)

        class Pages:
            def paginate(self, **request: Any) -> Iterator[dict[str, Any]]:
                yield call(**request)

        return Pages()


def _require(shape: Any, value: Any) -> None:
    wrong = problems(shape, value)
    assert not wrong, wrong


def answering(**services: Mapping[str, Answer]) -> tuple[Aws, list[tuple[str, str]]]:
    """An AWS of such services, and the calls that it gets: (service, operation)."""
    calls: list[tuple[str, str]] = []
    made = {name: Service(name, answers, calls) for name, answers in services.items()}
    return Aws(sandbox_target("http://127.0.0.1:1"), lambda name: made[name]), calls


def refusal(code: str, message: str) -> ClientError:
    """A service's error."""
    return ClientError({"Error": {"Code": code, "Message": message}}, "Call")
