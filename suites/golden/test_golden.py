"""stock:golden: recorded rows through the deployed chain of functions give what training gave.

A row is {"event": ..., "expected": ...}. The event goes to the first function of `through`, its
answer to the next; the last answer must hold every field of `expected`, numbers within `tolerance`
(absolute below 1, relative above). Further fields are free.
"""

from concurrent.futures import ThreadPoolExecutor
from threading import Semaphore

import pytest

from runner.stages.context import read_context
from runner.stages.functions import Functions
from runner.stages.golden import differences, groups, read_rows

CONTEXT = read_context()
GOLDEN = CONTEXT.get("golden")
if not GOLDEN:
    pytest.fail("the integration stage has no `golden`: configure it, or drop stock:golden", pytrace=False)
ROWS = read_rows(CONTEXT["root"], GOLDEN["rows"])
# How many invocations of one function run at a time. The sandbox starts another worker for each,
# which unzips and imports the whole package again.
WIDTH = 1 if CONTEXT["is_sandbox"] else 8


@pytest.fixture(scope="session")
def served():
    """Row number -> (answer, problem), every row replayed once, the functions busy side by side."""
    functions = Functions.of(CONTEXT)
    free = {component: Semaphore(WIDTH) for component in GOLDEN["through"]}

    def replay(row):
        answer = row.event
        for component in GOLDEN["through"]:
            with free[component]:
                answer, problem = functions.ask(component, answer)
            if problem:
                return answer, problem
        return answer, ""

    with ThreadPoolExecutor(WIDTH * len(free)) as pool:
        return dict(zip((row.number for row in ROWS), pool.map(replay, ROWS), strict=True))


@pytest.mark.parametrize("group", groups(ROWS), ids=lambda g: f"rows {g[0].number}-{g[-1].number}")
def test_served_equals_training(group, served, record_property):
    problems, sizes = [], []
    for row in group:
        answer, problem = served[row.number]
        found = differences(row.expected, answer, GOLDEN["tolerance"])
        sizes += [pair.size for pair in found.compared]
        told = [problem] if problem else found.problems
        problems += [f"row {row.number}: {text}" for text in told]
    largest = f"largest difference {max(sizes):.3g}" if sizes else "no number could be compared"
    record_property("measured", f"{largest} over {len(group)} rows")
    record_property("limit", f"<= {GOLDEN['tolerance']:g}")
    if problems:
        print("\n".join(problems))
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        pytest.fail(problems[0] + more, pytrace=False)
