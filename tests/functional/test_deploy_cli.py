"""`lockgate deploy`, `rollback`, `status` and `versions` as commands, against a local AWS that answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from helpers.aws_calls import counted
from helpers.releases import TEMPLATE, Shop, answer

from runner import wire
from runner.adapters.aws import Aws, sandbox_target
from runner.cli import main
from runner.history.history import History, Origin
from runner.history.store import FolderRecords
from runner.model import Artifact
from runner.release.lease import Holding
from runner.sandbox.choose import URL
from runner.sandbox.process import start_embedded
from runner.stages.integration import SANDBOX_BUCKET

pytestmark = pytest.mark.integration

ENVIRONMENTS = (
    "prod",
    "way",
    "hand",
    "told",
    "failing",
    "empty",
    "under",
    "data",
    "drifted",
    "where",
    "spoilt",
)


@dataclass(frozen=True)
class Place:
    """A solution with environments of which each test has one, and the AWS that they are in."""

    shop: Shop
    aws: Aws

    def run(self, *words: str, env: str) -> int:
        return main([*words, "--env", env, "--solution", str(self.shop.root)])

    def deploy(self, number: int, env: str, *more: str) -> int:
        folder = str(self.shop.root / ".lockgate/runs" / f"run{number}")
        return self.run("deploy", folder, "--key", str(self.shop.public), *more, env=env)

    @staticmethod
    def number(run: Path) -> int:
        return int(run.name.removeprefix("run"))

    def put(self, env: str, key: str, data: bytes) -> None:
        where = {"Bucket": SANDBOX_BUCKET, "Key": f"deployments/square/{env}/{key}"}
        self.aws.call("s3", "put_object", Body=data, **where)

    def objects(self, env: str) -> dict[str, str]:
        listed = self.aws.pages(
            "s3", "list_objects_v2", "Contents", Bucket=SANDBOX_BUCKET, Prefix=f"deployments/square/{env}/"
        )
        return {found["Key"]: found["ETag"] for found in listed}

    def function(self, env: str, logical: str = "Predict") -> str:
        told = self.aws.call(
            "cloudformation", "describe_stack_resource",
            StackName=f"square-{env}", LogicalResourceId=logical,
        )  # fmt: skip
        return str(told["StackResourceDetail"]["PhysicalResourceId"])


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Two releases, signed; the second has another model (3, then 5)."""
    base = tmp_path_factory.mktemp("shop")
    shop = Shop(base / "square", base / "cache")
    shop.config["stages"]["integration"]["suites"] = ["stock:smoke"]  # its own tests take seconds
    shop.config["environments"] = {name: {"stack_name": f"square-{name}"} for name in ENVIRONMENTS}
    with start_embedded(base / "log") as sandbox, pytest.MonkeyPatch.context() as patch:
        patch.setenv(URL, sandbox.url)
        patch.setenv("XDG_CONFIG_HOME", str(base / "config"))
        patch.setenv("XDG_CACHE_HOME", str(base / "xdg"))
        shop.release(factor=3)
        shop.release(factor=5)
        place = Place(shop, Aws(sandbox_target(sandbox.url)))
        place.aws.ensure_bucket(SANDBOX_BUCKET)
        yield place


Said = Callable[[], tuple[str, str]]


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Said:
    """What was printed since the last time; a traceback, or the word of one, is always wrong."""

    def read() -> tuple[str, str]:
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        assert "bug in lockgate" not in err, err
        return out, err

    return read


def test_there_and_back_again(place: Place, said: Said) -> None:
    assert place.deploy(1, "way") == 0
    assert said()[0] == "deployed: release 1 2026.11.23-1+0000001 runs in way (stack square-way)\n"
    assert place.deploy(1, "way") == 0
    assert said()[0].startswith("nothing to do: release 1 ")
    assert place.run("deploy", "run1", "--key", str(place.shop.public), env="way") == 0  # by its id
    assert said()[0].startswith("nothing to do: release 1 ")
    assert place.deploy(2, "way") == 0
    assert answer(place.aws, 2, "square-way") == 20
    assert place.run("rollback", "--component", "model", "--dry-run", env="way") == 0
    assert "changed  model 2026.11.23-2 -> 2026.11.23-1" in said()[0]
    assert place.run("rollback", "--component", "model", env="way") == 0
    assert answer(place.aws, 2, "square-way") == 12
    out, err = said()
    assert "model from 2026.11.23-2 back to 2026.11.23-1" in err
    assert out.startswith("deployed: release 3")
    assert place.run("status", env="way") == 0
    out, _ = said()
    assert "way: release 3" in out and "rollback" in out and "DIFFERS" not in out
    assert place.run("rollback", "--to", "2", env="way") == 0
    assert answer(place.aws, 2, "square-way") == 20


def test_for_machines(place: Place, said: Said) -> None:
    assert place.deploy(1, "told", "--json") == 0
    told = json.loads(said()[0])
    assert (told["exit_code"], told["changed"]) == (0, True)
    assert told["release"]["number"] == 1
    assert told["outcome"]["ended"] == "SUCCEEDED"
    assert place.deploy(1, "told", "--json") == 0
    told = json.loads(said()[0])
    assert (told["changed"], told["outcome"]) == (False, None)
    assert place.deploy(2, "told", "--dry-run", "--json") == 0
    assert "changed  model 2026.11.23-1 -> 2026.11.23-2" in json.loads(said()[0])["would"]
    assert place.run("status", "--json", env="told") == 0
    (entry,) = json.loads(said()[0])["environments"]
    assert entry["release"]["number"] == 1 and entry["differences"] == [] and entry["under_way"] is None
    assert place.run("rollback", "--json", env="told") == 2
    told = json.loads(said()[0])
    assert told["exit_code"] == 2 and "there is none to go back to" in told["error"]


def test_a_failed_one(place: Place, said: Said) -> None:
    """Wrong answers before traffic: 1, the cause, and what runs now."""
    assert place.deploy(1, "failing") == 0
    place.shop.golden = True
    broken = place.shop.release(factor=4, expected=6)
    place.shop.golden = False
    said()
    assert place.deploy(place.number(broken), "failing") == 1
    out, _ = said()
    assert out.startswith("FAILED: release 2 ")
    assert "golden row 1: answer.y: served 4, training gave 6" in out and out.endswith(
        "what ran before runs again\n"
    )
    assert place.run("status", env="failing") == 0
    out, _ = said()
    assert "failing: release 1 " in out and "last: release 2 FAILED" in out and "was brought back" in out


def test_a_dry_run_writes_nothing_and_is_true(place: Place, said: Said) -> None:
    with counted() as calls:
        assert place.deploy(1, "prod", "--dry-run") == 0
    first = said()[0]
    assert calls.writes == []
    assert "new      stack square-prod" in first and "added    model 2026.11.23-1" in first
    assert place.deploy(1, "prod") == 0
    before = place.objects("prod")
    with counted() as calls:
        assert place.deploy(1, "prod", "--dry-run") == 0
        assert said()[0].endswith("nothing to do: release 1 2026.11.23-1+0000001 runs\n")
        assert place.deploy(2, "prod", "--dry-run") == 0
        assert place.run("status", env="prod") == 0
    assert calls.writes == [] and calls.sent
    assert place.objects("prod") == before
    lines = said()[0].splitlines()
    assert "changed  model 2026.11.23-1 -> 2026.11.23-2" in lines
    assert any(line.startswith("changed  parameter ModelUri: s3://") for line in lines)
    assert not any("features" in line or "predict" in line for line in lines if line.startswith("changed  f"))
    with counted() as calls:
        assert place.deploy(1, "prod") == 0
    assert calls.writes == []


def test_what_holds_data_is_named(place: Place, said: Said) -> None:
    assert place.deploy(1, "data") == 0
    other = place.shop.release(factor=3, template=TEMPLATE.replace("Default: data", "Default: other"))
    number = place.number(other)
    said()
    assert place.deploy(number, "data") == 1
    out, _ = said()
    assert "Table" in out and "what ran before runs again" in out
    assert place.deploy(number, "data", "--replace", "Table") == 0
    tables = place.aws.call("dynamodb", "list_tables")["TableNames"]
    assert "square-data-other" in tables and "square-data-data" not in tables


def test_somebody_changed_it_by_hand(place: Place, said: Said) -> None:
    """An alias at an older version, and the function's code: status says so and ends with 1."""
    assert (place.deploy(1, "hand"), place.deploy(2, "hand")) == (0, 0)
    name = place.function("hand")
    alias = place.aws.call("lambda", "get_alias", FunctionName=name, Name="live")["FunctionVersion"]
    place.aws.call("lambda", "update_alias", FunctionName=name, Name="live", FunctionVersion="1")
    said()
    assert place.run("status", env="hand") == 1
    out, _ = said()
    assert "DIFFERS: predict live is at version 1, the release has version 2" in out
    assert place.run("status", "--json", env="hand") == 1
    assert json.loads(said()[0])["exit_code"] == 1
    place.aws.call("lambda", "update_alias", FunctionName=name, Name="live", FunctionVersion=alias)
    assert place.run("status", env="hand") == 0
    other = place.shop.root / ".lockgate/other.zip"
    _zip(other, "def handler(event, context):\n    return {'y': 0}\n")
    place.aws.call("lambda", "update_function_code", FunctionName=name, ZipFile=other.read_bytes())
    said()
    assert place.run("status", env="hand") == 1
    assert "DIFFERS: predict runs sha256:" in said()[0]


def _zip(path: Path, code: str) -> None:
    import zipfile

    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("app.py", code)


def test_drift_is_told_before_and_remembered(place: Place, said: Said) -> None:
    limited = TEMPLATE.replace("Handler: app.handler\n", "Handler: app.handler\n      Timeout: 10\n")
    first, second = (place.number(place.shop.release(factor=f, template=limited)) for f in (3, 5))
    assert place.deploy(first, "drifted") == 0
    name = place.function("drifted")
    place.aws.call("lambda", "update_function_configuration", FunctionName=name, Timeout=77)
    said()
    assert place.deploy(second, "drifted", "--dry-run") == 0
    assert (
        "changed by hand: Predict (AWS::Lambda::Function): /Timeout is 77, the template has 10" in said()[0]
    )
    assert place.deploy(second, "drifted", "--json") == 0
    out, err = said()
    assert "changed by hand: Predict (AWS::Lambda::Function): /Timeout is 77, the template has 10" in err
    assert any("/Timeout is 77" in line for line in json.loads(out)["outcome"]["drift"])


def holding(until: datetime, holder: str = "another") -> bytes:
    now = "2026-11-23T10:00:00.000+00:00"
    return wire.dump(Holding(7, holder, "square-under 0123", "ann", now, until.isoformat()))


def test_who_is_at_work(place: Place, said: Said) -> None:
    """A held lease is shown, and nothing is deployed; once it has ended, it holds nobody up."""
    assert place.deploy(1, "under") == 0
    place.put("under", "lease.json", holding(datetime.now(UTC) + timedelta(minutes=5)))
    said()
    assert place.run("status", env="under") == 0
    assert "under way: square-under 0123, by ann, since 2026-11-23T10:00:00" in said()[0]
    before = place.objects("under")
    assert place.deploy(2, "under") == 3
    assert "the environment is being changed: square-under 0123, by ann" in said()[1]
    assert place.run("rollback", "--to", "1", env="under") in (0, 3)
    assert place.objects("under") == before
    place.put("under", "lease.json", holding(datetime.now(UTC) - timedelta(minutes=5)))
    assert place.deploy(2, "under") == 0


def test_where_nothing_runs(place: Place, said: Said) -> None:
    assert place.run("status", env="empty") == 0
    assert said()[0] == "empty: nothing was deployed yet\n"
    assert place.run("rollback", env="empty") == 2
    assert "nothing was deployed here yet" in said()[1]
    assert main(["status", "--solution", str(place.shop.root)]) in (0, 1)
    assert "empty: nothing was deployed yet" in said()[0]


def test_without_a_bucket(place: Place, said: Said) -> None:
    """Before the very first deployment there is no ledger to read."""
    elsewhere = Shop(place.shop.root.parent / "elsewhere", place.shop.cache)
    elsewhere.configure(bucket="not-made-yet")
    run, root = str(elsewhere.release()), str(elsewhere.root)
    words = ["--env", "prod", "--solution", root]
    with counted() as calls:
        assert main(["status", *words]) == 0
        assert main(["deploy", run, "--dry-run", "--key", str(elsewhere.public), *words]) == 0
        out, _ = said()
        assert "prod: nothing was deployed yet" in out and "the first deployment into square-prod" in out
        assert "added    model 2026.11.23-1\n" in out and "new      stack square-prod\n" in out
        assert main(["rollback", *words]) == 2
        assert main(["rollback", "--dry-run", *words]) == 2
    assert "nothing was deployed here yet" in said()[1]
    assert calls.writes == []


def test_versions_say_where_they_run(place: Place, said: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    """By digest: what another history calls by the same number is not meant."""
    assert place.deploy(1, "where") == 0
    history = History(FolderRecords(place.shop.root / ".lockgate/history"))
    for number in (1, 2):
        _remember(history, place.shop.root / f".lockgate/runs/run{number}/manifest.json")
    said()
    words = ["versions", "model", "--solution", str(place.shop.root)]
    assert main(words) == 0
    _, head, second, first = said()[0].splitlines()
    assert head.endswith("RUNS IN") and "where" in first and "where" not in second
    assert main([*words, "--json"]) == 0
    newest, oldest = json.loads(said()[0])["components"]["model"]
    assert "where" in oldest["runs_in"] and "where" not in newest["runs_in"]
    place.put("where", "outcomes/00000001.json", b"{")
    assert main(words) == 0
    out, err = said()
    assert "where" not in out and "what runs in where could not be told" in err
    monkeypatch.delenv(URL)
    assert main(words) == 0
    assert "RUNS IN" not in said()[0]


def _remember(history: History, manifest: Path) -> None:
    for name, told in json.loads(manifest.read_bytes())["components"].items():
        artifact = Artifact(name, told["kind"], "", told["sha256"], told["size"], "")
        history.number(artifact, "r", lambda: Origin("r", "c" * 40, True, "ann"))


@pytest.mark.parametrize(
    ("argv", "code", "words"),
    [
        (["deploy"], 2, "MANIFEST"),
        (["deploy", "{run}"], 2, "--env"),
        (["deploy", "{run}", "--env", "empti"], 2, "did you mean 'empty'"),
        (["deploy", "{run}", "--env", "empty", "--key", "/nowhere.pem"], 2, "/nowhere.pem"),
        (["deploy", "{run}", "--env", "empty", "--policy", "/nowhere.yml"], 2, "/nowhere.yml"),
        (["deploy", "{run}", "--env", "empty", "--artifacts", "/nowhere"], 2, "/nowhere"),
        (["deploy", "{run}", "--env", "empty", "--commit", "f" * 40, "{key}"], 1, "fff was asked for"),
        (["deploy", "{run}", "--env", "empty"], 1, "a key that was not given"),
        (["deploy", "", "--env", "empty", "{key}"], 2, "it is empty: was a variable not set?"),
        (["deploy", "/nowhere/manifest.json", "--env", "empty", "{key}"], 2, "there is no manifest"),
        (["deploy", "run", "--env", "empty", "{key}"], 2, "did you mean run"),
        (["deploy", "/dev/zero", "--env", "empty", "{key}"], 2, "there is no manifest"),
        (["deploy", "/etc/passwd", "--env", "empty", "{key}"], 1, "lockgate sign FOLDER"),
        (["deploy", "/" + "a" * 5000, "--env", "empty", "{key}"], 2, "there is no manifest"),
        (["deploy", "a\0b", "--env", "empty", "{key}"], 2, ""),
        (["deploy", "s3://", "--env", "empty", "{key}"], 2, "is no kept run"),
        (["deploy", "s3://nowhere/runs/x", "--env", "empty", "{key}"], 3, ""),
        (["rollback", "--env", "nowhere"], 2, "no environment"),
        (["rollback", "--env", "empty", "--component", "nothing"], 2, ""),
        (["rollback", "--env", "empty", "--component", ""], 2, "'--component': it is empty"),
        (["rollback", "--env", "empty", "--to", " "], 2, "'--to': it is empty"),
        (["status", "--env", "nowhere"], 2, "no environment"),
        (["status", "--env", ""], 2, "'--env': it is empty"),
        (["status", "--solution", "/nowhere"], 2, ""),
    ],
)  # fmt: skip
def test_a_wrong_call(
    place: Place, said: Said, argv: list[str], code: int, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place.shop.root)
    run, key = str(place.shop.root / ".lockgate/runs/run1"), ["--key", str(place.shop.public)]
    spoken = [w for word in argv for w in (key if word == "{key}" else [word.format(run=run)])]
    with counted() as calls:
        assert main(spoken) == code, said()
    assert calls.writes == []
    assert words in said()[1]
    assert main([*spoken, "--json"]) == code
    assert json.loads(said()[0])["exit_code"] == code


@pytest.fixture(scope="module")
def spoilt(place: Place) -> dict[str, bytes]:
    """The ledger of an environment with one release, as it should be."""
    assert place.deploy(1, "spoilt") == 0
    prefix = "deployments/square/spoilt/"
    return {k.removeprefix(prefix): place.aws.read(SANDBOX_BUCKET, k) for k in place.objects("spoilt")}


def changed(raw: bytes, **fields: Any) -> bytes:
    return json.dumps({**json.loads(raw), **fields}).encode()


RELEASE, OUTCOME, LEASE = "releases/00000001.json", "outcomes/00000001.json", "lease.json"
DAMAGE: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "cut off release": (RELEASE, lambda raw: raw[:-7]),
    "empty release": (RELEASE, lambda raw: b""),
    "release of another number": (RELEASE, lambda raw: changed(raw, number=2)),
    "release of text": (RELEASE, lambda raw: changed(raw, content="x")),
    "release without parts": (
        RELEASE, lambda raw: changed(raw, content={**json.loads(raw)["content"], "parts": {}}),
    ),
    "deep release": (RELEASE, lambda raw: b"[" * 100_000),
    "release of many values": (RELEASE, lambda raw: b"[" + b"0," * 3_000_000 + b"0]"),
    "outcome of another kind": (OUTCOME, lambda raw: changed(raw, ended="PERHAPS")),
    "outcome of no JSON": (OUTCOME, lambda raw: b"\xff\xfe{}"),
    "lease of no JSON": (LEASE, lambda raw: b"garbage"),
    "lease of other types": (LEASE, lambda raw: changed(raw, sequence="many")),
    "lease until never": (LEASE, lambda raw: changed(raw, holder="x", until="garbage")),
    "lease without a zone": (LEASE, lambda raw: changed(raw, holder="x", until="2999-01-01T00:00:00")),
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_ledger_is_told_and_left_alone(
    place: Place, said: Said, spoilt: dict[str, bytes], damage: str
) -> None:
    key, spoil = DAMAGE[damage]
    place.put("spoilt", key, spoil(spoilt[key]))
    said()
    try:
        before = place.objects("spoilt")
        with counted() as calls:
            assert place.run("status", env="spoilt") == 3
            assert place.deploy(2, "spoilt") == 3
            if key != LEASE:  # who only looks asks nobody for a lease
                assert place.deploy(2, "spoilt", "--dry-run") == 3
                assert place.run("rollback", "--to", "1", env="spoilt") == 3
        assert key.rpartition("/")[2] in said()[1]
        assert calls.writes == []
        assert place.objects("spoilt") == before
    finally:
        place.put("spoilt", key, spoilt[key])


def test_a_release_that_is_missing(place: Place, said: Said, spoilt: dict[str, bytes]) -> None:
    """Number 99,999,999 after number 1: nobody looks for all that should lie between."""
    key = "releases/99999999.json"
    place.put("spoilt", key, changed(spoilt[RELEASE], number=99_999_999, id="f" * 32))
    said()
    try:
        assert place.run("status", env="spoilt") in (0, 1)
        assert place.run("rollback", env="spoilt") == 3
        assert "missing" in said()[1]
    finally:
        at = {"Bucket": SANDBOX_BUCKET, "Key": f"deployments/square/spoilt/{key}"}
        place.aws.call("s3", "delete_object", **at)
