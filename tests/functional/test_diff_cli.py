"""`lockgate diff` from the command line, and what it answers to a thousand manifests that are none."""

from __future__ import annotations

import copy
import json
import random
from pathlib import Path
from typing import Any

import pytest
from helpers.manifests import manifest_data, write_manifest
from helpers.sample_runs import HOSTILE

from runner.cli import main
from runner.manifest.build import canonical

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def pair(tmp_path: Path) -> tuple[str, str]:
    other = manifest_data()
    other["judged"]["criteria"]["criteria.yml"]["limits"]["metrics/roc_auc"]["min"] = 0.6
    runs = tmp_path / ".lockgate" / "runs"
    return str(write_manifest(runs / "one", manifest_data())), str(write_manifest(runs / "two", other))


def test_it_says_what_changed_and_tells_by_its_status_only_if_asked(
    pair: tuple[str, str], capsys: Capture
) -> None:
    assert main(["diff", *pair]) == 0
    assert "min 0.66 -> 0.6: LOOSENED" in capsys.readouterr().out
    assert main(["diff", *pair, "--exit-code"]) == 1
    assert main(["diff", pair[0], pair[0], "--exit-code"]) == 0


def test_runs_by_folder_and_by_id(pair: tuple[str, str], tmp_path: Path, capsys: Capture) -> None:
    assert main(["diff", "one", str(Path(pair[1]).parent), "--solution", str(tmp_path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["loosened"] == 1 and told["changes"][0]["section"] == "thresholds"


def test_no_such_run_is_wrong_usage(pair: tuple[str, str], tmp_path: Path, capsys: Capture) -> None:
    assert main(["diff", "oen", "two", "--solution", str(tmp_path)]) == 2
    assert "did you mean one?" in capsys.readouterr().err


JUNK: list[Any] = [None, True, 0, -1, 1e300, "", "x", HOSTILE.replace("\ud800", ""), [], [[]], {}, {"": {}}]


def places(data: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) of a document."""
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [place for key, value in items for place in [(data, key), *places(value)]]


def test_a_thousand_malformed_manifests(pair: tuple[str, str], tmp_path: Path, capsys: Capture) -> None:
    """Seeded: bytes flipped, cut, put in; and canonical documents with parts replaced by junk. The first
    are refused (3), the second compared or refused; nothing else, and no traceback."""
    dice = random.Random(1_000)  # noqa: S311  a seed, not a secret
    good, raw = manifest_data(), canonical(manifest_data())
    path, codes = tmp_path / "manifest.json", []
    for number in range(1_000):
        if number % 2:
            at = dice.randrange(len(raw))
            put = dice.randbytes(dice.randrange(1, 5))
            path.write_bytes(raw[:at] + put + raw[at + dice.randrange(9) :])
        else:
            data = copy.deepcopy(good)
            for _ in range(dice.randrange(1, 4)):
                container, key = dice.choice(places(data))
                container[key] = copy.deepcopy(dice.choice(JUNK))
            path.write_bytes(canonical(data))
        codes.append(main(["diff", pair[0], str(path), *(["--json"] if number % 3 else [])]))
    said = capsys.readouterr()
    assert set(codes) == {0, 3} and "Traceback" not in said.err and "bug in lockgate" not in said.err
    assert set(codes[1::2]) <= {0, 3} and codes[1::2].count(3) > 450
    assert 50 < codes[::2].count(3) < 450  # some damage is in what may be anything
