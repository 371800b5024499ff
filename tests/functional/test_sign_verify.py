"""`lockgate sign` and `lockgate verify` as commands: what they say, their exit status, what they cost."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from helpers import tampering as attack
from helpers.signed_runs import Left, a_run, key, signed

from runner.cli import main
from runner.manifest.build import canonical
from runner.model import Status

HEAVY = [
    *("pandas", "numpy", "great_expectations", "onnxruntime", "sklearn", "skops", "pyarrow", "pytest"),
    *("docker", "ministack", "cfnlint", "boto3", "jinja2", "rich", "securesystemslib", "jsonschema"),
]


@pytest.fixture
def left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Left:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return a_run(tmp_path)


def public(tmp_path: Path) -> str:
    return str(tmp_path / "config" / "lockgate" / "development.pub.pem")


def policy(path: Path, **rules: object) -> str:
    base = {"solution": "tiny", "stages": {"unit": {}, "data": {}}}
    path.write_text(yaml.safe_dump({**base, **rules}))
    return str(path)


def test_a_run_is_signed_and_verified(left: Left, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sign", str(left.folder)]) == 0
    said = capsys.readouterr().out
    assert "signed: run r1, PASSED" in said and f"--key {public(tmp_path)}" in said
    assert main(["verify", str(left.folder)]) == 2
    assert public(tmp_path) in capsys.readouterr().err
    assert main(["sign", "--solution", str(tmp_path), "--run", "r1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["new"] is False
    argv = ["verify", str(left.manifest), "--key", public(tmp_path)]
    assert main([*argv, "--artifacts", str(left.folder / "components")]) == 0
    said = capsys.readouterr().out
    assert said.endswith("verified\n")
    for what in ("signatures", "set", "verdict", "artifact predict", "test result", "development key"):
        assert what in said
    (tmp_path / "empty").mkdir()
    assert main([*argv, "--artifacts", str(tmp_path / "empty")]) == 3
    assert capsys.readouterr().out.endswith("could not tell\n")
    assert main(["verify", str(left.folder), *argv[2:], "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["exit_code"] == 0 and {"what", "outcome", "detail"} == set(told["findings"][0])


def test_a_policy_refuses_a_development_key(left: Left, tmp_path: Path) -> None:
    assert main(["sign", str(left.folder)]) == 0
    argv = ["verify", str(left.manifest), "--policy"]
    careful = policy(tmp_path / "a.yml", signers=["config/lockgate/development.pub.pem"])
    lenient = policy(
        tmp_path / "b.yml", signers=["config/lockgate/development.pub.pem"], allow_development_key=True
    )
    assert (main([*argv, careful]), main([*argv, lenient])) == (1, 0)


def test_the_mark_is_not_in_the_public_file_alone(left: Left, tmp_path: Path) -> None:
    """Who takes it off the public key's file still has a manifest that says so."""
    assert main(["sign", str(left.folder)]) == 0
    file = Path(public(tmp_path))
    file.write_text(file.read_text().partition("\n")[2])
    careful = policy(tmp_path / "a.yml", signers=["config/lockgate/development.pub.pem"])
    assert main(["verify", str(left.manifest), "--policy", careful]) == 1


def test_a_key_in_a_file(left: Left, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    private = tmp_path / "release-key.pem"
    made = subprocess.run(
        ["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout"], capture_output=True
    )
    private.write_bytes(made.stdout)
    private.chmod(0o600)
    assert main(["sign", "--key", str(private), "--public-key"]) == 0
    (tmp_path / "release.pem").write_text(capsys.readouterr().out)
    assert main(["sign", "--key", str(private), str(left.folder)]) == 0
    careful = policy(tmp_path / "policy.yml", signers=["release.pem"])
    assert main(["verify", str(left.manifest), "--policy", careful, "--commit", "c" * 40]) == 0
    assert main(["verify", str(left.manifest), "--policy", careful, "--commit", "d" * 40]) == 1


def test_a_failed_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    run = a_run(tmp_path, bad=Status.FAILED)
    assert main(["sign", str(run.folder)]) == 1
    assert main(["sign", str(run.folder), "--failed"]) == 0
    assert main(["verify", str(run.manifest), "--key", public(tmp_path)]) == 1


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        (["sign"], 2),
        (["sign", "{run}", "--run", "r1"], 2),
        (["sign", "nowhere"], 2),
        (["sign", "--run", "../runs/r1", "--solution", "{root}"], 2),
        (["sign", "{root}"], 2),
        (["sign", "{run}", "--key", "nowhere.pem"], 2),
        (["sign", "{run}", "--key", "awskms:alias/x"], 2),
        (["sign", "{run}", "--key", "awskms:arn:aws:kms:eu-west-1:111122223333:key/x"], 2),  # which AWS?
        (["verify", "{run}"], 2),
        (["verify", "{run}", "--key", "nowhere.pem"], 2),
        (["verify", "nowhere", "--key", "{key}"], 2),
        (["verify", "{run}", "--policy", "nowhere.yml"], 2),
        (["verify", "{run}", "--key", "{key}", "--artifacts", "nowhere"], 2),
        (["verify", "{run}", "--key", "{key}"], 1),  # not signed
        (["sign", "{run}", "--key", ""], 2),  # a variable that was not set is no development key
        (["sign", "{run}", "--key", "", "--public-key"], 2),
        (["verify", "{run}", "--key", "{key}", "--commit", ""], 2),  # nor any commit
        (["verify", "{run}", "--key", "{key}", "--commit", "main"], 2),
        (["verify", "{run}", "--key", ""], 2),
        (["verify", "{run}", "--policy", ""], 2),
        (["verify", "a" * 5000, "--key", "{key}"], 3),
    ],
    ids=str,
)
def test_exit_codes(
    left: Left, tmp_path: Path, argv: list[str], code: int, capfd: pytest.CaptureFixture[str]
) -> None:
    key(tmp_path)
    there = {
        "run": str(left.folder),
        "root": str(tmp_path),
        "key": str(tmp_path / "keys/development.pub.pem"),
    }
    assert main([word.format(**there) for word in argv]) == code
    assert "Traceback" not in "".join(capfd.readouterr())


def test_it_needs_neither_what_judges_nor_what_deploys(left: Left, tmp_path: Path) -> None:
    """A signer's image has no pandas, no Great Expectations, no onnxruntime; nor is a solution imported."""
    show = (
        "import sys; from runner.cli import main; a = main(%r); b = main(%r); "
        "print('\\n', a, b, [m for m in %r if m in sys.modules])"
    )
    argv = (["sign", str(left.folder)], ["verify", str(left.folder), "--key", public(tmp_path)], HEAVY)
    done = subprocess.run([sys.executable, "-P", "-c", show % argv], capture_output=True, text=True)
    assert done.stdout.strip().splitlines()[-1].strip() == "0 0 []", done.stderr


# What a process that signs does, told by the interpreter itself (PEP 578): an audit hook cannot be taken off.
WATCH = """
import sys
root, run, seen = sys.argv[1], sys.argv[2], []
def hook(event, args):
    where = str(args[0]) if event == "open" and args else ""
    if event in ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "ctypes.dlopen"):
        seen.append((event, str(args)[:200]))
    if where.startswith(root) and not where.startswith((run, root + "/config")):
        seen.append((event, where))
sys.addaudithook(hook)
from runner.cli import main
code = main(["sign", run]) or main(["sign", run, "--public-key"])
ours = [m for m, x in sys.modules.items() if str(getattr(x, "__file__", "")).startswith(root)]
print("\\n", code, seen, ours)
"""
TRAPS = (
    "app.py",
    "conftest.py",
    "sitecustomize.py",
    "rfc8785.py",
    "pydantic.py",
    "src/app.py",
    "suites/unit/test_it.py",
)


def test_who_signs_opens_no_file_of_the_solution_and_starts_nothing(left: Left, tmp_path: Path) -> None:
    """In the solution's own folder, whose files bear the names of what is imported."""
    for name in (*TRAPS, "runner/__init__.py", "lockgate.yml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("raise SystemExit('a solution was imported')\n")
    argv = [sys.executable, "-P", "-c", WATCH, str(tmp_path), str(left.folder)]
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.strip().splitlines()[-1].strip() == "0 [] []", done.stdout + done.stderr
    assert left.bundle.is_file()


@pytest.fixture(scope="module")
def genuine(tmp_path_factory: pytest.TempPathFactory) -> tuple[Left, str]:
    place = tmp_path_factory.mktemp("genuine")
    return signed(place, key(place)), str(place / "keys" / "development.pub.pem")


def malformed(left: Left, count: int) -> list[tuple[bytes, bytes]]:
    """Manifests and bundles, most of them damaged at random, some built to hurt."""
    dice = random.Random(4)  # noqa: S311  not for a secret
    run = attack.Signed.of(left)
    bundle = left.bundle.read_bytes()
    deep, wide = b"[" * 200_000, b"[" + b"{}," * 2_000_000 + b"{}]"
    bombs = [
        (deep, bundle), (wide, bundle), (run.manifest, deep), (run.manifest, wide), (b"", b""),
        (run.manifest, b"\n" * 1_000_000), (run.manifest, b"\x00" * 1_000_000), (b" " * 9_000_000, bundle),
        (run.manifest, run.lines[0] + b"=" * 60_000_000), (run.manifest, bundle * 200),
        (canonical({"schema": "lockgate.manifest/1", "a": "\u2028" * 100_000}), bundle),
        (run.manifest, b'{"payload":"' + b"A" * 60_000_000), (run.manifest, b"A" * 65 * 2**20),
    ]  # fmt: skip
    while len(bombs) < count:
        manifest, envelopes = (
            damaged(raw, dice) if dice.random() < 0.6 else raw for raw in (run.manifest, bundle)
        )
        if (manifest, envelopes) != (run.manifest, bundle):
            bombs.append((manifest, envelopes))
    return bombs


def damaged(raw: bytes, dice: random.Random) -> bytes:
    at, end = sorted(dice.randrange(len(raw) + 1) for _ in range(2))
    return dice.choice(
        [
            raw[:at],
            raw[at:],
            raw[:at] + raw[end:],
            raw[:at] + raw[at:end] * 2 + raw[end:],
            raw[:at] + dice.randbytes(dice.randrange(1, 60)) + raw[at:],
            raw[:at]
            + dice.choice([b'"', b"{", b"}", b"[", b"null", b"1e999", b"\n", b"\\ud800", b"=="])
            + raw[at:],
        ]
    )


def test_a_thousand_malformed_ones(
    genuine: tuple[Left, str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    left, public_key = genuine
    slowest = 0.0
    for manifest, bundle in malformed(left, 1000):
        (tmp_path / "manifest.json").write_bytes(manifest)
        (tmp_path / "manifest.intoto.jsonl").write_bytes(bundle)
        begun = time.monotonic()
        assert main(["verify", str(tmp_path / "manifest.json"), "--key", public_key]) == 1
        slowest = max(slowest, time.monotonic() - begun)
    said = "".join(capfd.readouterr())
    assert "Traceback" not in said and "bug" not in said
    assert slowest < 10


# A process's peak counts what its parent had when it forked: so its parent has to be small.
MEASURE = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode
print(code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def test_the_worst_of_them_stay_below_512_mib(genuine: tuple[Left, str], tmp_path: Path) -> None:
    """Each in a process of its own, whose peak is measured."""
    left, public_key = genuine
    for manifest, bundle in malformed(left, 13):
        (tmp_path / "manifest.json").write_bytes(manifest)
        (tmp_path / "manifest.intoto.jsonl").write_bytes(bundle)
        argv = [sys.executable, "-P", "-m", "runner", "verify", str(tmp_path), "--key", public_key]
        told = subprocess.run([sys.executable, "-c", MEASURE, *argv], capture_output=True, text=True)
        code, peak = map(int, told.stdout.split())
        assert (code, peak < 512 * 1024) == (1, True)


def test_malformed_runs_are_not_signed(left: Left, capfd: pytest.CaptureFixture[str]) -> None:
    dice, whole = random.Random(7), left.manifest.read_bytes()  # noqa: S311  not for a secret
    for _ in range(300):
        left.manifest.write_bytes(damaged(whole, dice))
        if left.manifest.read_bytes() != whole:
            assert main(["sign", str(left.folder)]) == 1
    assert "Traceback" not in "".join(capfd.readouterr()) and not left.bundle.exists()
