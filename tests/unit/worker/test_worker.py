"""The worker against a CodePipeline that keeps state, with scripted runs and a fake S3."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.codepipeline import SECRET, TOKEN, FakeCodePipeline
from helpers.worker import OUTPUT, SOURCE, Bench, bench, leave, manifest_of, passes, zipped

from runner.adapters.aws import AwsError
from runner.adapters.shell import INTERRUPTED
from runner.errors import UsageError
from runner.worker.child import Ended, Order

COMMIT = "0123456789abcdef0123456789abcdef01234567"
Watch = Callable[[], str]


def test_a_passing_run_is_a_success_with_its_variables(service: FakeCodePipeline, tmp_path: Path) -> None:
    service.add(revision=COMMIT, configuration={"SolutionPath": "sub"})
    tried = bench(service, tmp_path)
    assert tried.serve() == 0
    status, given = tried.result
    assert status == "Succeeded" and "continuationToken" not in given
    variables, details = given["outputVariables"], given["executionDetails"]
    with zipfile.ZipFile(io.BytesIO(tried.s3.objects[OUTPUT])) as archive:
        names, manifest = set(archive.namelist()), json.loads(archive.read("manifest.json"))
    assert names == {"manifest.json", "variables.env", "junit/unit.xml", "report.html", "result.json"}
    assert manifest["verdict"]["status"] == variables["LOCKGATE_VERDICT"] == "PASSED"
    assert variables["LOCKGATE_MANIFEST_URI"] == "s3://artifacts/tiny/Judged/def456#manifest.json"
    assert variables["LOCKGATE_VERSION"] == f"0+sha256.{variables['LOCKGATE_MANIFEST_SHA256'][:12]}"
    assert variables["LOCKGATE_MANIFEST_SHA256"] in details["summary"]
    assert details["externalExecutionId"] == manifest["run_id"] and details["percentComplete"] == 100
    (order,) = tried.runs.orders
    assert order.commit == COMMIT and order.solution.name == "sub"
    assert not order.solution.exists(), "the job's folder is left"


@pytest.mark.parametrize(
    ("script", "kind", "said"),
    [
        (lambda o, w: leave(o, manifest_of("FAILED"), 1), "JobFailed", "FAILED: because failed"),
        (lambda o, w: leave(o, manifest_of("ERROR"), 3), "SystemUnavailable", "ERROR: because error"),
        (
            lambda o, w: Ended(2, b'{"exit_code": 2, "error": "lockgate.yml:3: odd"}'),
            "ConfigurationError",
            "odd",
        ),
        (lambda o, w: Ended(3, b'{"exit_code": 3, "error": "no room"}'), "SystemUnavailable", "no room"),
        (lambda o, w: Ended(-9, b""), "SystemUnavailable", "killed by SIGKILL"),
        (lambda o, w: Ended(0, b""), "SystemUnavailable", "exit status is 0, but it printed nothing"),
    ],
)
def test_a_run_that_does_not_pass_is_a_failure_of_its_type(
    service: FakeCodePipeline, tmp_path: Path, script: Callable[[Order, Watch], Ended], kind: str, said: str
) -> None:
    service.add()
    tried = bench(service, tmp_path, script)
    tried.serve()
    assert tried.failure[0] == kind and said in tried.failure[1]


def test_the_evidence_of_a_failing_run_is_kept_for_people(service: FakeCodePipeline, tmp_path: Path) -> None:
    service.add()
    tried = bench(service, tmp_path, lambda o, w: leave(o, manifest_of("FAILED"), 1))
    tried.serve()
    assert (
        "report.html in s3://artifacts/tiny/Judged/def456" in tried.failure[1] and OUTPUT in tried.s3.objects
    )


@pytest.mark.parametrize(
    ("configuration", "said"),
    [
        ({"SolutionPaht": "."}, "did you mean 'SolutionPath'?"),
        ({"SolutionPath": "../.."}, "no folder inside"),
        ({"SolutionPath": "/etc"}, "no folder inside"),
        ({"SolutionPath": "nowhere"}, "is not in the artifact"),
        ({"Stages": "unit,--aws"}, "no name of a stage"),
        ({"Stages": ","}, "no name of a stage"),
    ],
)
def test_a_wrong_configuration_is_told_before_anything_runs(
    service: FakeCodePipeline, tmp_path: Path, configuration: dict[str, str], said: str
) -> None:
    service.add(configuration=configuration)
    tried = bench(service, tmp_path)
    tried.serve()
    assert tried.failure[0] == "ConfigurationError" and said in tried.failure[1]
    assert not tried.runs.orders


def test_an_unknown_key_is_named_without_its_value(service: FakeCodePipeline, tmp_path: Path) -> None:
    service.add(configuration={"Password": "correct-horse"})
    tried = bench(service, tmp_path)
    tried.serve()
    assert "Password" in tried.failure[1] and "correct-horse" not in repr(tried.said) + tried.failure[1]


@pytest.mark.parametrize(
    ("change", "kind", "said"),
    [
        ({"inputArtifacts": []}, "ConfigurationError", "0 input artifacts"),
        ({"outputArtifacts": None}, "ConfigurationError", "0 output artifacts"),
        ({"inputArtifacts": [{"name": "Source"}]}, "RevisionUnavailable", "'Source' has no place"),
        ({"artifactCredentials": {}}, "PermissionError", "no credentials"),
        ({"continuationToken": "of-somebody"}, "ConfigurationError", "continuation token"),
    ],
)
def test_a_job_that_no_run_can_be_made_of(
    service: FakeCodePipeline, tmp_path: Path, change: dict[str, object], kind: str, said: str
) -> None:
    service.add(**change)  # type: ignore[arg-type]
    tried = bench(service, tmp_path)
    tried.serve()
    assert tried.failure[0] == kind and said in tried.failure[1]


@pytest.mark.parametrize("operation", ["head_object", "get_object", "put_object"])
def test_permission_denied_by_s3(service: FakeCodePipeline, tmp_path: Path, operation: str) -> None:
    service.add()
    tried = bench(service, tmp_path)
    tried.s3.denied.add(operation)
    tried.serve()
    assert tried.failure[0] == "PermissionError" and "s3://artifacts/tiny/" in tried.failure[1]


def test_a_missing_input_artifact(service: FakeCodePipeline, tmp_path: Path) -> None:
    service.add()
    tried = bench(service, tmp_path)
    del tried.s3.objects[SOURCE]
    tried.serve()
    assert tried.failure[0] == "RevisionUnavailable" and str(SOURCE[1]) in tried.failure[1]


def test_a_hostile_archive_fails_the_job_and_nothing_runs(service: FakeCodePipeline, tmp_path: Path) -> None:
    service.add()
    tried = bench(service, tmp_path)
    tried.s3.objects[SOURCE] = zipped({"lockgate.yml": "", "../outside": "x"})
    tried.serve()
    assert tried.failure[0] == "JobFailed" and "'../outside'" in tried.failure[1]
    assert not tried.runs.orders and not list(tmp_path.rglob("outside"))


def test_the_output_is_encrypted_by_the_jobs_key_or_the_default_one(
    service: FakeCodePipeline, tmp_path: Path
) -> None:
    key = {"id": "arn:aws:kms:us-east-1:111122223333:key/k", "type": "KMS"}
    for number, data in enumerate(({"encryptionKey": key}, {})):
        service.jobs.clear()
        service.add(**data)
        tried = bench(service, tmp_path / str(number)) if (tmp_path / str(number)).mkdir() is None else None
        assert tried is not None and tried.serve() == 0
        (put,) = tried.s3.puts
        assert (
            put["ServerSideEncryption"] == "aws:kms"
            and put.get("SSEKMSKeyId", "") == data.get("encryptionKey", {"id": ""})["id"]
        )


def test_only_named_stages_are_run_and_each_has_to_pass(service: FakeCodePipeline, tmp_path: Path) -> None:
    partial = manifest_of(complete=False)
    for stages, status in (("unit", "Succeeded"), ("unit, data", "Failed")):
        service.jobs.clear()
        service.add(configuration={"Stages": stages})
        tried = bench(service, tmp_path, lambda o, w: leave(o, partial, 0))
        tried.serve()
        assert tried.result[0] == status
    assert tried.runs.orders[0].stages == ("unit", "data") and "stage data did not" in tried.failure[1]


def test_a_job_that_another_worker_has_is_left_alone(service: FakeCodePipeline, tmp_path: Path) -> None:
    job = service.add()
    tried = bench(service, tmp_path)
    tried.worker.pipeline = first = tried.worker.pipeline
    taken = first.poll()
    assert taken is not None
    first.acknowledge(job.id, taken["nonce"])
    assert tried.worker._take(taken) == 0
    assert "another worker has it" in tried.said[-1]
    assert job.status == "InProgress" and not job.results and not tried.runs.orders


def test_an_acknowledgement_that_says_otherwise_is_believed(
    service: FakeCodePipeline, tmp_path: Path
) -> None:
    job = service.add()
    service.acknowledged_as = "TimedOut"
    tried = bench(service, tmp_path)
    assert tried.serve() == 0 and not job.results and not tried.runs.orders
    assert "it is TimedOut" in "\n".join(tried.said)


def test_a_throttled_poll_is_patient_and_goes_on(service: FakeCodePipeline, tmp_path: Path) -> None:
    service.add()
    service.fail("PollForJobs", 2, code="LimitExceeded")
    waits: list[float] = []
    tried = bench(service, tmp_path, poll_seconds=1.0)

    def stop_when_done(seconds: float) -> None:
        waits.append(seconds)
        if service.count("PutJobSuccessResult"):
            INTERRUPTED.set()

    tried.worker.wait = stop_when_done
    assert tried.worker.serve() == 0
    assert tried.result[0] == "Succeeded" and waits[:2] == [2.0, 4.0]
    assert sum("polling fails" in line for line in tried.said) == 1


def test_polling_that_makes_no_sense_is_an_error(service: FakeCodePipeline, tmp_path: Path) -> None:
    tried = bench(service, tmp_path)
    tried.worker.pipeline.provider = "Lokgate"
    with pytest.raises(UsageError, match="no action type Test/Custom/Lokgate/1"):
        tried.worker.serve()
    tried.worker.pipeline.provider = "Lockgate"
    service.fail("PollForJobs", 9, code="AccessDeniedException")
    with pytest.raises(AwsError, match="planted"):
        tried.worker.serve()


@pytest.mark.parametrize(
    ("times", "code", "status"),
    [(1, "ThrottlingException", 400), (3, "InternalFailure", 500), (9, "SomethingNew", 400)],
)
def test_a_result_is_delivered_after_n_failures_once(
    service: FakeCodePipeline, tmp_path: Path, times: int, code: str, status: int
) -> None:
    job = service.add()
    service.fail("PutJobSuccessResult", times, code=code, status=status)
    tried = bench(service, tmp_path)
    assert tried.serve() == 0
    assert [status for status, _ in job.results] == ["Succeeded"]
    assert tried.slept == sorted(tried.slept)


def test_a_result_whose_answer_was_lost_is_not_put_twice_nor_contradicted(
    service: FakeCodePipeline, tmp_path: Path
) -> None:
    job = service.add()
    service.fail("PutJobSuccessResult", 1, lost=True)
    tried = bench(service, tmp_path)
    assert tried.serve() == 0
    assert [status for status, _ in job.results] == ["Succeeded"]
    assert service.count("PutJobFailureResult") == 0
    assert not list((tmp_path / "journal").iterdir())


def test_a_result_that_cannot_be_delivered_is_3_and_the_next_worker_answers(
    service: FakeCodePipeline, tmp_path: Path
) -> None:
    job = service.add()
    service.fail("PutJobSuccessResult", 1000, code="SomethingNew")
    tried = bench(service, tmp_path)
    assert tried.serve() == 3 and job.status == "InProgress"
    assert bench(service, tmp_path).serve() == 0
    assert tried.failure[0] == "SystemUnavailable" and "could not deliver" in tried.failure[1]


def test_a_success_that_is_refused_becomes_a_failure(service: FakeCodePipeline, tmp_path: Path) -> None:
    service.add()
    service.fail("PutJobSuccessResult", 1, code="OutputVariablesSizeExceededException")
    tried = bench(service, tmp_path)
    tried.serve()
    assert tried.failure[0] == "SystemUnavailable" and "refused" in tried.failure[1]


def test_a_job_that_timed_out_meanwhile_is_told_and_nothing_else(
    service: FakeCodePipeline, tmp_path: Path
) -> None:
    job = service.add()

    def late(order: Order, watch: Watch) -> Ended:
        service.time_out(job)
        return passes(order, watch)

    tried = bench(service, tmp_path, late)
    assert tried.serve() == 0 and not job.results and job.status == "TimedOut"
    assert service.count("PutJobFailureResult") == 0
    assert "waits for no result" in "\n".join(tried.said)


def test_a_long_job_uploads_with_credentials_that_are_new(service: FakeCodePipeline, tmp_path: Path) -> None:
    service.add()

    def long(order: Order, watch: Watch) -> Ended:
        tried.s3.expired.update(given["accessKeyId"] for given in service.issued)
        return passes(order, watch)

    tried = bench(service, tmp_path, long)
    tried.serve()
    assert tried.result[0] == "Succeeded"
    assert tried.s3.keys[0] != tried.s3.keys[-1] not in tried.s3.expired


def test_a_run_ends_when_codepipeline_knows_the_job_no_more(
    service: FakeCodePipeline, tmp_path: Path
) -> None:
    job = service.add()
    asked: list[str] = []

    def watched(order: Order, watch: Watch) -> Ended:
        asked.append(watch())
        service.forget(job)
        asked.append(watch())
        return Ended(-15, b"", asked[-1])

    bench(service, tmp_path, watched, check_seconds=0.0).serve()
    assert asked == ["", "CodePipeline does not know the job any more"]


def test_a_run_ends_at_its_deadline(service: FakeCodePipeline, tmp_path: Path) -> None:
    service.add()
    tried = bench(service, tmp_path, lambda order, watch: Ended(-15, b"", watch()), hours=0.0)
    tried.serve()
    assert tried.failure[0] == "SystemUnavailable" and "--hours" in tried.failure[1]


def test_a_stop_within_a_job_answers_it_as_failed_even_if_the_run_passes(
    service: FakeCodePipeline, tmp_path: Path
) -> None:
    service.add()

    def stopped(order: Order, watch: Watch) -> Ended:
        INTERRUPTED.set()
        return Ended(0, passes(order, watch).output, watch())

    tried = bench(service, tmp_path, stopped)
    assert tried.worker.serve() == 130
    assert tried.failure[0] == "SystemUnavailable" and "worker was stopped" in tried.failure[1]


def test_a_stop_before_the_acknowledgement_leaves_the_job_to_others(
    service: FakeCodePipeline, tmp_path: Path
) -> None:
    job = service.add()
    tried = bench(service, tmp_path)
    poll = tried.worker.pipeline.poll

    class Stopping:
        tell = print

        def poll(self) -> object:
            INTERRUPTED.set()
            return poll()

    tried.worker.pipeline = Stopping()  # type: ignore[assignment]
    assert tried.worker.serve() == 0
    assert job.status == "Dispatched"


def test_a_job_of_a_worker_that_was_killed_is_answered_by_the_next(
    service: FakeCodePipeline, tmp_path: Path
) -> None:
    job = service.add()

    def killed(order: Order, watch: Watch) -> Ended:
        raise KeyboardInterrupt

    tried = bench(service, tmp_path, killed)
    with pytest.raises(KeyboardInterrupt):
        tried.serve()
    assert job.status == "InProgress"
    assert bench(service, tmp_path).serve() == 0
    assert tried.failure[0] == "SystemUnavailable" and "was killed" in tried.failure[1]
    assert not list((tmp_path / "journal").iterdir())


def test_a_living_workers_job_is_no_orphan(service: FakeCodePipeline, tmp_path: Path) -> None:
    job = service.add()

    def meanwhile(order: Order, watch: Watch) -> Ended:
        assert bench(service, tmp_path).serve() == 0
        return passes(order, watch)

    assert bench(service, tmp_path, meanwhile).serve() == 0
    assert [status for status, _ in job.results] == ["Succeeded"]


def test_a_bug_in_one_job_fails_it_and_the_worker_goes_on(service: FakeCodePipeline, tmp_path: Path) -> None:
    service.add()

    def broken(order: Order, watch: Watch) -> Ended:
        raise ZeroDivisionError("oh")

    tried = bench(service, tmp_path, broken)
    assert tried.serve() == 0
    assert tried.failure == ("SystemUnavailable", "ZeroDivisionError: oh")


def test_the_workers_own_credentials_are_renewed_when_they_expire(
    service: FakeCodePipeline, tmp_path: Path
) -> None:
    service.add()
    service.fail("AcknowledgeJob", 1, code="ExpiredTokenException")
    tried = bench(service, tmp_path)
    assert tried.serve() == 0 and tried.result[0] == "Succeeded"


def test_only_the_queried_jobs_are_served_and_the_queried_key_is_known(
    service: FakeCodePipeline, tmp_path: Path
) -> None:
    other = service.add(configuration={"Team": "green"})
    mine = service.add(configuration={"Team": "red"})
    bench(service, tmp_path, query={"Team": "red"}).serve()
    assert mine.status == "Succeeded" and other.status == "Queued"


def _secrets(service: FakeCodePipeline) -> list[str]:
    return [value for issued in service.issued for value in issued.values()]


def _written(tried: Bench) -> str:
    results = [given for job in tried.service.jobs.values() for given in job.results]
    return repr(tried.said) + json.dumps(results)


def test_credentials_are_in_no_line_no_answer_and_no_repr(
    service: FakeCodePipeline, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    service.add()

    def tells(order: Order, watch: Watch) -> Ended:
        raise RuntimeError(f"cannot use {service.issued[0]}")

    tried = bench(service, tmp_path, tells)
    tried.serve()
    out, err = capfd.readouterr()
    written = _written(tried) + out + err + repr(tried.worker) + repr(tried.runs.orders)
    assert "cannot use" in tried.failure[1], "the error was not told at all"
    assert SECRET not in written and TOKEN not in written
    assert not [secret for secret in _secrets(service) if secret in written]


def test_codepipeline_is_called_with_the_workers_credentials_alone(
    service: FakeCodePipeline, tmp_path: Path
) -> None:
    service.add()
    tried = bench(service, tmp_path)
    tried.serve()
    assert service.callers == {"lockgate-sandbox"}
    assert set(tried.s3.keys) <= {issued["accessKeyId"] for issued in service.issued}
