"""What is asked of CloudWatch and what is made of its answers; every request is held against its model."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from runner.adapters.aws import Aws, AwsError, sandbox_target
from runner.release.canary import Window
from runner.release.canary_metrics import LEVELS, CloudWatchMetrics

SINCE = datetime(2026, 11, 23, 10, 0, 30, tzinfo=UTC)
UNTIL = SINCE + timedelta(minutes=2)
MINUTES = [SINCE.replace(second=0), SINCE.replace(second=0) + timedelta(minutes=1)]
LABELS = ("cat", "dog")


class Told:
    """CloudWatch as a function of (metric, stat, bin) to its values; botocore checks what it is asked."""

    def __init__(self, values: dict[tuple[str, str, str], list[float]]) -> None:
        self.values = values
        self.asked: list[dict[str, Any]] = []
        self.per_page = 1000
        self.status = "Complete"
        self.is_split = False

    def __call__(self, service: str) -> Any:
        assert service == "cloudwatch"
        real = boto3.client(
            service, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
        )
        stubber = Stubber(real)
        stubber.activate()
        self.real, self.stubber = real, stubber
        return self

    def get_paginator(self, operation: str) -> Any:
        assert operation == "get_metric_data"
        return self

    def paginate(self, **request: Any) -> Any:
        self.asked.append(request)
        results = [self._result(q) for q in request["MetricDataQueries"]]
        if self.is_split:
            self.per_page, results = len(results), [*map(_first, results), *map(_rest, results)]
        pages = [results[i : i + self.per_page] for i in range(0, len(results), self.per_page)]
        tokens = [f"t{i}" for i in range(1, len(pages))]
        for page, token in zip(pages, [*tokens, ""], strict=True):
            answer = {"MetricDataResults": page} | ({"NextToken": token} if token else {})
            self.stubber.add_response("get_metric_data", answer)
        return self.real.get_paginator(operation_name="get_metric_data").paginate(**request)

    def _result(self, query: dict[str, Any]) -> dict[str, Any]:
        stat = query["MetricStat"]
        dimensions = {d["Name"]: d["Value"] for d in stat["Metric"]["Dimensions"]}
        values = self.values.get((stat["Metric"]["MetricName"], stat["Stat"], dimensions.get("Bin", "")), [])
        return {
            "Id": query["Id"],
            "Label": "x",
            "Timestamps": MINUTES[: len(values)],
            "Values": values,
            "StatusCode": self.status,
        }


def _first(result: dict[str, Any]) -> dict[str, Any]:
    half = {"Timestamps": result["Timestamps"][:1], "Values": result["Values"][:1]}
    return result | half | {"StatusCode": "PartialData"}


def _rest(result: dict[str, Any]) -> dict[str, Any]:
    return result | {"Timestamps": result["Timestamps"][1:], "Values": result["Values"][1:]}


def metrics(told: Told, labels: tuple[str, ...] = LABELS) -> CloudWatchMetrics:
    return CloudWatchMetrics(Aws(sandbox_target("http://127.0.0.1:1"), told), "predict", "live", labels)


def traffic() -> Told:
    durations = {
        ("Duration", {0.0: "Minimum", 1.0: "Maximum"}.get(level, f"p{100 * level:g}"), ""): [
            100 * level,
            200 * level,
        ]
        for level in LEVELS
    }
    return Told(
        {
            ("Invocations", "Sum", ""): [60.0, 40.0],
            ("Errors", "Sum", ""): [1.0],
            ("Duration", "SampleCount", ""): [60.0, 40.0],
            ("Output", "Sum", "cat"): [30.0, 20.0],
            ("Output", "Sum", "dog"): [28.0, 18.0],
            ("Output", "Sum", "invalid"): [0.0, 2.0],
            **durations,
        }
    )


def test_a_window_has_counts_latencies_and_outputs_of_all_minutes() -> None:
    window = metrics(traffic()).window("7", SINCE, UNTIL)
    assert (window.requests, window.errors, window.invalid) == (100, 1, 2)
    assert window.outputs == {"cat": 50, "dog": 46, "other": 0}
    assert window.latency.count == 100
    # 60 spread over 0..100 ms and 40 over 0..200 ms: half of them lie below 62.5 ms.
    assert window.latency.estimate(0.5) == pytest.approx(62.5, abs=4)


def test_it_asks_for_the_version_behind_the_alias_in_whole_minutes() -> None:
    told = traffic()
    metrics(told).window("7", SINCE, UNTIL)
    [asked] = told.asked
    stats = [query["MetricStat"] for query in asked["MetricDataQueries"]]
    by = {tuple((d["Name"], d["Value"]) for d in s["Metric"]["Dimensions"]) for s in stats}
    assert (("FunctionName", "predict"), ("Resource", "predict:live"), ("ExecutedVersion", "7")) in by
    assert (("Function", "predict"), ("Version", "7"), ("Bin", "dog")) in by
    assert {s["Metric"]["Namespace"] for s in stats} == {"AWS/Lambda", "Lockgate"}
    assert {s["Period"] for s in stats} == {60}
    assert (asked["StartTime"], asked["EndTime"]) == (MINUTES[0], MINUTES[0] + timedelta(minutes=3))


def test_no_data_is_no_traffic() -> None:
    assert metrics(Told({})).window("7", SINCE, UNTIL) == Window(outputs={"cat": 0, "dog": 0, "other": 0})


def test_without_labels_outputs_are_not_asked_for() -> None:
    told = traffic()
    assert metrics(told, ()).window("7", SINCE, UNTIL).outputs == {}
    assert all(
        q["MetricStat"]["Metric"]["Namespace"] == "AWS/Lambda" for q in told.asked[0]["MetricDataQueries"]
    )


def test_pages_and_more_labels_than_one_call_takes_are_put_together() -> None:
    told = traffic()
    told.per_page = 7
    labels = (*LABELS, *(f"label-{i}" for i in range(600)))
    window = metrics(told, labels).window("7", SINCE, UNTIL)
    assert len(told.asked) == 2 and all(len(a["MetricDataQueries"]) <= 500 for a in told.asked)
    assert (window.requests, window.outputs["cat"], window.invalid) == (100, 50, 2)


def test_a_series_that_lies_on_two_pages_is_one() -> None:
    told = traffic()
    told.is_split = True
    assert metrics(told).window("7", SINCE, UNTIL) == metrics(traffic()).window("7", SINCE, UNTIL)


@pytest.mark.parametrize("status", ["PartialData", "InternalError", "Forbidden"])
def test_what_cloudwatch_did_not_tell_is_no_zero(status: str) -> None:
    told = traffic()
    told.status = status
    with pytest.raises(AwsError, match=status):
        metrics(told).window("7", SINCE, UNTIL)


def test_numbers_that_are_none_are_refused() -> None:
    told = traffic()
    told.values["Errors", "Sum", ""] = [float("nan")]
    with pytest.raises(AwsError, match="did not tell"):
        metrics(told).window("7", SINCE, UNTIL)
