"""`lockgate merge` as a command: what it merges, what it refuses before a host is asked, its exit status."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from helpers.merges import Service, World, git_world, serving_codecommit
from helpers.project import minimal, write
from helpers.signed_runs import Left, a_run, key, signed

from runner.cli import main
from runner.history.history import History, Origin
from runner.history.store import FolderRecords
from runner.kept import bundle_key, uri_of
from runner.kept.put import keep
from runner.model import Status
from runner.remote.store import FolderStore


@dataclass(frozen=True)
class Place:
    """A repository, a solution's folder, and how the command is told of both."""

    world: World
    root: Path
    repository: str

    @property
    def key(self) -> str:
        return str(self.root / "keys" / "development.pub.pem")

    def run(self, **record: Any) -> Left:
        """A signed run of the tested commit."""
        return signed(self.root, key(self.root), **{"commit": self.world.tested, **record})

    def argv(self, *words: str) -> list[str]:
        there = ["--solution", str(self.root), "--repository", self.repository]
        return ["merge", *words, *there]


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with serving_codecommit() as there:
        yield there


@pytest.fixture(params=["codecommit", "git"])
def place(
    request: pytest.FixtureRequest, tmp_path: Path, service: Service, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Place]:
    root, path = tmp_path / "solution", tmp_path / "repository.git"
    root.mkdir()
    if request.param == "git":
        with git_world(path) as world:
            yield Place(world, root, f"file://{path}")
    else:
        monkeypatch.setenv("LOCKGATE_SANDBOX_URL", service.double.url)
        yield Place(service.world(path), root, "codecommit://tiny")


def calls(place: Place) -> list[str]:
    return place.world.service.calls if place.world.service else []


def test_a_verified_manifests_commit_is_merged(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    left = place.run()
    argv = place.argv(str(left.bundle), "--key", place.key)
    assert main([*argv, "--dry-run"]) == 0
    assert "would merge" in capsys.readouterr().out
    assert place.world.branches() == (place.world.tested, place.world.base)
    assert main(argv) == 0
    assert capsys.readouterr().out.startswith(f"merged: {place.world.tested[:12]} of dev into main of ")
    assert place.world.branches() == (place.world.tested, place.world.tested)
    assert main([*argv, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["exit_code"], told["outcome"], told["after"]) == (0, "nothing-to-do", place.world.tested)


def test_a_run_that_is_kept_elsewhere_is_named_by_its_uri_and_digest(place: Place, tmp_path: Path) -> None:
    """As the pipeline does it: there is no run's folder here."""
    left, store = place.run(run_id="r1"), FolderStore(tmp_path / "runs/r1")
    keep(store, left.folder, left.record.manifest_sha256)
    assert store.put(bundle_key(), left.bundle)
    uri = uri_of(store.url)
    assert main(place.argv(f"{uri}#sha256={'0' * 64}", "--key", place.key)) == 1
    assert place.world.branches() == (place.world.tested, place.world.base)
    assert main(place.argv(f"{uri}#sha256={left.record.manifest_sha256}", "--key", place.key)) == 0
    assert place.world.branches() == (place.world.tested, place.world.tested)


def test_the_run_of_a_commit_is_found(place: Place) -> None:
    place.run(run_id="r1")
    a_run(place.root, "r2", commit=place.world.tested, bad=Status.FAILED)
    assert main(place.argv(place.world.tested, "--key", place.key)) == 0
    assert place.world.git.tip("main") == place.world.tested


def altered(left: Left, place: Place) -> None:
    raw = left.manifest.read_bytes()
    left.manifest.write_bytes(raw.replace(place.world.tested.encode(), place.world.base.encode()))


def unsigned(left: Left, place: Place) -> None:
    left.bundle.unlink()


def of_another_solution(left: Left, place: Place) -> None:
    write(place.root, {**minimal(), "solution": "other"})


def no_edit(left: Left, place: Place) -> None:
    pass


REFUSED: dict[str, tuple[dict[str, Any], Callable[[Left, Place], None], str]] = {
    "unsigned": ({}, unsigned, "does not verify"),
    "altered": ({}, altered, "does not verify"),
    "failed": ({"bad": Status.FAILED}, no_edit, "verdict: FAILED"),
    "partial": ({"complete": False}, no_edit, "a part of the stages was left out"),
    "dirty": ({"tree_clean": False}, no_edit, "files differed from the commit"),
    "of no commit": ({"commit": ""}, no_edit, "of no commit"),
    "of another solution": ({}, of_another_solution, "of the solution 'tiny'"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_verified_pass_is_refused_before_anything(
    place: Place, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    record, edit, words = REFUSED[name]
    left = place.run(**record)
    edit(left, place)
    before = place.world.git.refs()
    assert main(place.argv(str(left.manifest), "--key", place.key)) == 1
    assert words in capsys.readouterr().err
    assert place.world.git.refs() == before and calls(place) == []


def test_another_key_another_commit_another_manifest(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    left, other = place.run(), key(place.root / "other")
    argv = place.argv(str(left.folder))
    public = place.root / "other" / "keys" / "development.pub.pem"
    assert other and main([*argv, "--key", str(public)]) == 1
    argv += ["--key", place.key]
    assert main([*argv, "--commit", "d" * 40]) == 1
    assert main([*place.argv("d" * 40, "--manifest", str(left.folder)), "--key", place.key]) == 1
    with monkeypatch.context() as patched:
        patched.setenv("LOCKGATE_COMMIT", "d" * 40)
        assert main(argv) == 1
    with monkeypatch.context() as patched:
        patched.setenv("LOCKGATE_MANIFEST_SHA256", "d" * 64)
        assert main(argv) == 1
    assert place.world.git.tip("main") == place.world.base and calls(place) == []


def test_a_policy_refuses_the_development_key(place: Place) -> None:
    left, policy = place.run(), place.root / "policy.yml"
    rules = {"solution": "tiny", "signers": [place.key], "stages": {"unit": {}, "data": {}}}
    policy.write_text(json.dumps(rules))
    assert main(place.argv(str(left.folder), "--policy", str(policy))) == 1
    policy.write_text(json.dumps({**rules, "allow_development_key": True}))
    assert main(place.argv(str(left.folder), "--policy", str(policy))) == 0


def test_a_refusal_of_the_host(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    left = place.run()
    place.world.diverge({"a.py": "9\n"})
    before = place.world.git.refs()
    argv = place.argv(str(left.folder), "--key", place.key, "--json")
    assert main(argv) == 1 and main([*argv, "--dry-run"]) == 1
    told = json.loads(capsys.readouterr().out.splitlines()[0])
    assert told["exit_code"] == 1 and "conflict in a.py" in told["error"]
    assert place.world.git.refs() == before


def test_a_release_is_taken_back(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    write(place.root, {**minimal(), "solution": "tiny"})
    history, world = History(FolderRecords(place.root / ".lockgate" / "history")), place.world
    for number, commit in enumerate([world.base, world.tested]):
        history.release(Origin(f"r{number}", commit, True, "t"), {})
    name = history.releases()[1].release
    world.git.move("main", world.tested)
    assert main(place.argv("--revert", name, "--dry-run")) == 0
    assert "would offer" in capsys.readouterr().out and len(world.git.refs()) == 2
    assert main(place.argv("--revert", name)) == 0
    said = capsys.readouterr().out
    assert said.startswith("offered:") and name in said
    assert world.git.show(f"lockgate/revert-{world.tested}") == {"a.py": "1", "b.py": "1", "c.py": "1"}
    assert world.branches() == (world.tested, world.tested)
    argv = ["--revert", world.tested, "--since", world.base, "--json"]
    assert main(place.argv(*argv)) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["outcome"] == "offered" and told["paths"] == ["a.py", "c.py", "new.py"]


@pytest.mark.parametrize("place", ["codecommit"], indirect=True)
@pytest.mark.parametrize(
    "words",
    [
        [],
        ["nowhere"],
        ["{run}"],
        ["{run}", "--key", "nowhere.pem"],
        ["{run}", "--key", "awskms:alias/x"],
        ["{run}", "--key", "{key}", "--into", "dev"],
        ["{run}", "--key", "{key}", "--into", "-x"],
        ["{run}", "--key", "{key}", "--from", "a..b"],
        ["{run}", "--key", "{key}", "--from", "release"],
        ["{run}", "--key", "{key}", "--repository", "ext::sh -c true"],
        ["{run}", "--key", "{key}", "--repository", "--upload-pack=true"],
        ["{run}", "--key", "{key}", "--repository", "nowhere"],
        ["f" * 40, "--key", "{key}"],
        ["--revert", "f" * 40],
        ["--revert", "2026.11.22-9"],
        ["--strategy", "octopus"],
    ],
    ids=str,
)
def test_usage(place: Place, words: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    left = place.run()
    there = {"run": str(left.folder), "key": place.key}
    before = place.world.git.refs()
    argv = place.argv()[1:] if "--repository" not in words else ["--solution", str(place.root)]
    assert main(["merge", *(word.format(**there) for word in words), *argv]) == 2
    assert "Traceback" not in "".join(capfd.readouterr())
    assert place.world.git.refs() == before


def test_codecommit_wants_an_aws_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    left = signed(tmp_path, key(tmp_path))
    argv = ["merge", str(left.folder), "--key", str(tmp_path / "keys" / "development.pub.pem")]
    assert main([*argv, "--repository", "codecommit://tiny", "--solution", str(tmp_path)]) == 2
    assert "in which AWS?" in capsys.readouterr().err


def test_the_repository_of_lockgate_yml_and_of_the_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with git_world(tmp_path / "repository.git") as world:
        root, url = tmp_path / "solution", f"file://{tmp_path}/repository.git"
        root.mkdir()
        place = Place(world, root, url)
        left = place.run()
        argv = ["merge", str(left.folder), "--key", place.key, "--solution", str(root), "--dry-run"]
        assert main(argv) == 2  # which repository?
        write(root, {**minimal(), "solution": "tiny", "repository": url})
        assert main(argv) == 0
        write(root, {**minimal(), "solution": "tiny"})
        world.git.git("init", "--quiet", str(root), at=None)
        world.git.git("-C", str(root), "remote", "add", "origin", url, at=None)
        assert main(argv) == 0
        monkeypatch.setenv("LOCKGATE_REPOSITORY", "upstream")
        assert main(argv) == 2  # no such remote


def test_a_hosts_credentials_are_not_printed(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A host that wants other ones: git says the whole URL in its error."""
    left = signed(tmp_path, key(tmp_path))
    secret = "tk-5fe1c0de5fe1c0de"
    with _unauthorized() as port:
        url = f"http://robot:{secret}@127.0.0.1:{port}/x.git"
        argv = ["merge", str(left.folder), "--key", str(tmp_path / "keys" / "development.pub.pem")]
        assert main([*argv, "--solution", str(tmp_path), "--repository", url, "--json"]) == 3
    said = "".join(capfd.readouterr())
    assert "does not take the credentials" in said and f"http://127.0.0.1:{port}/x.git" in said
    assert secret not in said and "robot" not in said


class _unauthorized:
    """A web server that always answers 401; its port."""

    def __enter__(self) -> int:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="git"')
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return int(self.server.server_address[1])

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()
