"""How many tampered manifests and envelopes are accepted: every bit of each, or 10,000 of them, and more.

    python benchmarks/tamper.py [SAMPLE]

Exit status 1 where one was accepted.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from dataclasses import replace
from datetime import datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from helpers import tampering as attack
from helpers.signed_runs import STARTED, key, keys, signed

from runner.evidence.finding import exit_code
from runner.evidence.verify import Expectations, verify


def main(sample: int) -> int:
    place, begun = Path(tempfile.mkdtemp()), time.monotonic()
    ours, stranger = key(place / "a"), key(place / "b")
    run = attack.Signed.of(signed(place / "one", ours))
    other = attack.Signed.of(signed(place / "two", ours, run_id="r2", commit="d" * 40))
    wanted = Expectations(keys(ours), frozenset(keys(ours)))
    both = replace(wanted, keys=keys(ours, stranger))
    mixed = [each for each in attack.signed_by(run, stranger, ours.keyid) if each.how != "another key"]
    trials = [
        (wanted, attack.flips(run, sample)),
        (wanted, attack.inner_flips(run, sample)),
        (wanted, attack.sets(run, other, ours)),
        (wanted, attack.spellings(run)),
        (wanted, attack.subjects_swapped(run, ours)),
        (wanted, attack.subjects_swapped(run, stranger)),
        (wanted, attack.signed_by(run, stranger, ours.keyid)),
        (both, mixed),
    ]
    seen: Counter[str] = Counter()
    accepted: Counter[str] = Counter()
    for expected, tampered in trials:
        for each in tampered:
            seen[each.how] += 1
            found = verify(each.manifest, each.bundle, expected, datetime.fromisoformat(STARTED))
            accepted[each.how] += exit_code(found) != 1
    for how, count in seen.items():
        print(f"{how:<40} {count:>8,} tried {accepted[how]:>4} accepted")
    print(f"{seen.total():,} tried, {accepted.total()} accepted, {time.monotonic() - begun:.0f} s")
    return min(accepted.total(), 1)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else attack.SAMPLE))
