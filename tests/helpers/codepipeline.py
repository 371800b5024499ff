"""A CodePipeline of our own for custom actions' jobs: an HTTP server behind the real boto3.

It keeps real state and refuses what AWS refuses. Requests and answers are checked against botocore's
own service model: members, types, lengths, patterns, enumerations. What is modelled beyond it, and
from where:

- polling hands a job out with a new nonce; one not acknowledged in time is handed out again; an old
  nonce is InvalidNonceException (user guide, "Create a job worker for your custom action");
- a result is taken once, from a job InProgress, else InvalidJobStateException;
- a success with a continuation token completes the job and makes a new one that carries the token;
  output variables beside a token are refused (API reference, PutJobSuccessResult);
- variables over 122,880 bytes in total are OutputVariablesSizeExceededException (quota);
- GetJobDetails issues new credentials, and tells no status (API reference, JobDetails).
"""

from __future__ import annotations

import json
import re
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from botocore.loaders import Loader
from botocore.model import ServiceModel
from helpers.aws_model import problems

PREFIX = "CodePipeline_20150709."
TOTAL = 122_880
SECRET = "wJalrXUtnFEMI/K7MDENG+plantedSecret"
TOKEN = "FwoGZXIvYXdzEPlantedSessionToken//////////w=="
PIPELINE = "tiny-pipeline"


class Refusal(Exception):
    """An error answer of the service."""

    def __init__(self, code: str, message: str = "", status: int = 400) -> None:
        super().__init__(message or code)
        self.code, self.status = code, status


@dataclass
class Fault:
    """The next `times` calls of an operation go wrong: with an error, or (`lost`) after they were
    carried out, by a connection that is closed without an answer."""

    operation: str
    times: int
    code: str = "ThrottlingException"
    status: int = 400
    lost: bool = False


@dataclass
class FakeJob:
    """A job's state; `status` as in the model's JobStatus."""

    id: str
    data: dict[str, Any]
    action: dict[str, str]
    status: str = "Created"
    nonce: str = ""
    results: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    successor: str = ""


class FakeCodePipeline:
    """The service: `add` jobs, look at `jobs`; `answer` is what the HTTP server calls."""

    def __init__(self, **data: Any) -> None:
        """`data` are members that every job's JobData has."""
        self.model = ServiceModel(Loader().load_service_model("codepipeline", "service-2"))
        self.types = [{"category": "Test", "owner": "Custom", "provider": "Lockgate", "version": "1"}]
        self.common = data
        self.url = ""
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.reset()

    def reset(self) -> None:
        """As if newly started."""
        self.jobs: dict[str, FakeJob] = {}
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.callers: set[str] = set()
        self.wrong_answers: list[str] = []
        self.faults: list[Fault] = []
        self.issued: list[dict[str, str]] = []
        self.acknowledged_as = "InProgress"

    def add(
        self,
        *,
        source: tuple[str, str] = ("artifacts", "tiny/Source/abc123"),
        output: tuple[str, str] = ("artifacts", "tiny/Judged/def456"),
        configuration: Mapping[str, str] | None = None,
        revision: str = "",
        **data: Any,
    ) -> FakeJob:
        """A job that waits. `data` replaces members of its JobData; None takes one away."""
        artifact = {"name": "Source", "location": _location(*source)}
        whole = {
            "actionTypeId": self.types[0],
            "actionConfiguration": {"configuration": dict(configuration or {})},
            "pipelineContext": {
                "pipelineName": PIPELINE,
                "stage": {"name": "Judge"},
                "action": {"name": "Lockgate", "actionExecutionId": str(uuid.uuid4())},
                "pipelineArn": f"arn:aws:codepipeline:us-east-1:111122223333:{PIPELINE}",
                "pipelineExecutionId": str(uuid.uuid4()),
            },
            "inputArtifacts": [artifact | ({"revision": revision} if revision else {})],
            "outputArtifacts": [{"name": "Judged", "location": _location(*output)}],
            **self.common,
            **data,
        }
        return self._new({name: value for name, value in whole.items() if value is not None})

    def _new(self, data: dict[str, Any]) -> FakeJob:
        with self.lock:
            job = FakeJob(str(uuid.uuid4()), data, data["actionTypeId"], "Queued")
            self.jobs[job.id] = job
            return job

    def fail(self, operation: str, times: int = 1, **fault: Any) -> None:
        """Let the next calls of an operation go wrong (see Fault)."""
        self.faults.append(Fault(operation, times, **fault))

    def time_out(self, job: FakeJob) -> None:
        """The action's 24 hours are over."""
        with self.changed:
            job.status = "TimedOut"
            self.changed.notify_all()

    def forget(self, job: FakeJob) -> None:
        """The job is not known any more."""
        with self.lock:
            del self.jobs[job.id]

    def until(self, what: Callable[[], bool], seconds: float = 60.0) -> bool:
        """Wait until something is true of the state."""
        with self.changed:
            return self.changed.wait_for(what, seconds)

    def count(self, operation: str) -> int:
        """How often an operation was called."""
        return sum(name == operation for name, _ in self.calls)

    def answer(self, target: str, body: bytes, caller: str) -> tuple[dict[str, Any], bool]:
        """(answer, whether it is lost on its way). Raises Refusal."""
        operation = target.removeprefix(PREFIX)
        if operation not in self.model.operation_names or not hasattr(self, f"_{operation}"):
            raise Refusal("UnknownOperationException")
        model, given = self.model.operation_model(operation), json.loads(body or b"{}")
        with self.changed:
            self.calls.append((operation, given))
            self.callers.add(caller)
            lost = self._fault(operation)
            if wrong := problems(model.input_shape, given):
                raise Refusal("ValidationException", wrong)
            told = getattr(self, f"_{operation}")(given)
            self.changed.notify_all()
        if model.output_shape is not None and (wrong := problems(model.output_shape, told)):
            self.wrong_answers.append(wrong)
            raise Refusal("InternalFailure", wrong, 500)
        return told, lost

    def _fault(self, operation: str) -> bool:
        for fault in self.faults:
            if fault.operation == operation and fault.times > 0:
                fault.times -= 1
                if not fault.lost:
                    raise Refusal(fault.code, "planted", fault.status)
                return True
        return False

    def _PollForJobs(self, given: dict[str, Any]) -> dict[str, Any]:
        if given["actionTypeId"]["owner"] != "Custom":
            raise Refusal("ValidationException", "only custom actions have jobs")
        if given["actionTypeId"] not in self.types:
            raise Refusal("ActionTypeNotFoundException")
        waiting = [j for j in self.jobs.values() if j.status in ("Queued", "Dispatched") and _fits(j, given)]
        handed = waiting[: given.get("maxBatchSize", 1)]
        for job in handed:
            job.status, job.nonce = "Dispatched", uuid.uuid4().hex
        return {
            "jobs": [
                {"id": j.id, "nonce": j.nonce, "accountId": "111122223333", "data": self._data(j)}
                for j in handed
            ]
        }

    def _AcknowledgeJob(self, given: dict[str, Any]) -> dict[str, Any]:
        job = self._job(given)
        if job.status != "Dispatched" or job.nonce != given["nonce"]:
            raise Refusal("InvalidNonceException")
        job.status = self.acknowledged_as
        return {"status": job.status}

    def _GetJobDetails(self, given: dict[str, Any]) -> dict[str, Any]:
        job = self._job(given)
        return {"jobDetails": {"id": job.id, "accountId": "111122223333", "data": self._data(job)}}

    def _PutJobSuccessResult(self, given: dict[str, Any]) -> dict[str, Any]:
        variables = given.get("outputVariables", {})
        if variables and "continuationToken" in given:
            raise Refusal("ValidationException", "outputVariables beside a continuationToken")
        if sum(len(k.encode()) + len(v.encode()) for k, v in variables.items()) > TOTAL:
            raise Refusal("OutputVariablesSizeExceededException")
        job = self._finish(given, "Succeeded")
        if "continuationToken" in given:
            data = job.data | {"continuationToken": given["continuationToken"]}
            job.successor = self._new(data).id
        return {}

    def _PutJobFailureResult(self, given: dict[str, Any]) -> dict[str, Any]:
        self._finish(given, "Failed")
        return {}

    def _finish(self, given: dict[str, Any], status: str) -> FakeJob:
        job = self._job(given)
        if job.status != "InProgress":
            raise Refusal("InvalidJobStateException")
        job.status = status
        job.results.append((status, given))
        return job

    def _job(self, given: dict[str, Any]) -> FakeJob:
        if given["jobId"] not in self.jobs:
            raise Refusal("JobNotFoundException")
        return self.jobs[given["jobId"]]

    def _data(self, job: FakeJob) -> dict[str, Any]:
        """The job's data with credentials that nobody was given before."""
        number = len(self.issued)
        credentials = {
            "accessKeyId": f"ASIAPLANTEDKEY{number:06}",
            "secretAccessKey": f"{SECRET}{number:06}",
            "sessionToken": f"{TOKEN}{number:06}",
        }
        self.issued.append(credentials)
        given = {"artifactCredentials": credentials} | job.data
        return {name: value for name, value in given.items() if value != {}}


def _location(bucket: str, key: str) -> dict[str, Any]:
    return {"type": "S3", "s3Location": {"bucketName": bucket, "objectKey": key}}


def _fits(job: FakeJob, given: dict[str, Any]) -> bool:
    configuration = job.data["actionConfiguration"]["configuration"]
    return job.action == given["actionTypeId"] and all(
        configuration.get(key) == value for key, value in given.get("queryParam", {}).items()
    )


@contextmanager
def serving(service: FakeCodePipeline) -> Iterator[FakeCodePipeline]:
    """The service at `service.url` on this machine's loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            caller = re.search(r"Credential=([^/]+)/", self.headers.get("Authorization", ""))
            try:
                target = self.headers.get("X-Amz-Target", "")
                told, lost = service.answer(target, body, caller[1] if caller else "")
            except Refusal as error:
                told, lost = {"__type": error.code, "message": str(error)}, False
                self._send(error.status, told)
                return
            if lost:
                self.close_connection = True
                self.connection.close()
            else:
                self._send(200, told)

        def _send(self, status: int, told: dict[str, Any]) -> None:
            raw = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *_: object) -> None:
            pass

        def finish(self) -> None:
            with suppress(OSError, ValueError):
                super().finish()

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        service.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield service
        finally:
            server.shutdown()
            thread.join(5)
    assert not service.wrong_answers, service.wrong_answers
