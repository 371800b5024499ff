"""stock:lambda: every Lambda's package imports alone, fits Lambda's limits and answers its events.

What is imported and invoked is the package that can be executed on this machine, in a bare
interpreter in a process of its own: no credentials, no AWS in reach, no way to the report.
"""

import json
import tempfile
import zipfile
from pathlib import Path

import pytest

from runner.adapters import shell
from runner.components.lambda_zip import UNZIPPED_LIMIT
from runner.stages.context import read_context

CONTEXT = read_context()
FUNCTIONS = {n: c for n, c in CONTEXT["components"].items() if c["kind"] == "lambda-zip"}
DRIVER = Path(__file__).with_name("driver.py")
SECONDS = 60.0
WHAT = {
    "import": "importing the module of handler {handler} failed",
    "handler": "the handler {handler} does not exist in the package, or is not callable",
    "call": "the handler {handler} raised",
    "answer": "the answer of {handler} is not JSON",
}
if not FUNCTIONS:
    pytest.fail("no component of kind lambda-zip: remove stock:lambda from the suites", pytrace=False)


def events() -> list[tuple[str, str]]:
    """(function, path of a sample event relative to the root); folders give their *.json."""
    found = []
    for name, component in FUNCTIONS.items():
        for entry in component["events"]:
            path = Path(CONTEXT["root"], entry)
            files = sorted(path.rglob("*.json")) if path.is_dir() else [path]
            found += [(name, file.relative_to(CONTEXT["root"]).as_posix()) for file in files]
    return found


EVENTS = events()


@pytest.fixture(scope="session")
def packages():
    """Function -> folder with its executed package, unzipped when first asked for."""
    with tempfile.TemporaryDirectory(prefix="lockgate-lambda-") as folder:

        def package(name: str) -> Path:
            place = Path(folder, name)
            if not place.exists():
                with zipfile.ZipFile(executed(name)["path"]) as archive:
                    archive.extractall(place)
            return place

        yield package


def executed(name: str) -> dict:
    artifact = CONTEXT["artifacts"].get(name)
    if artifact is None:
        pytest.fail(f"{name} was not built", pytrace=False)
    return artifact["executed"] or artifact


def drive(name: str, package: Path, scratch: Path, *event: str) -> dict:
    """Run the driver in the bare interpreter and return what it told."""
    component, out = FUNCTIONS[name], scratch / "out.json"
    argv = [CONTEXT["bare_python"], "-I", str(DRIVER), str(package), component["handler"], str(out), *event]
    env = shell.clean_env(
        {
            **component["test_env"],
            "HOME": str(scratch),
            "AWS_LAMBDA_FUNCTION_NAME": name,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        }
    )
    done = shell.run(argv, env=env, cwd=scratch, timeout=SECONDS)
    if done.timed_out:
        pytest.fail(f"{name}: no answer within {SECONDS:.0f} s", pytrace=False)
    try:
        return json.loads(out.read_bytes())
    except (OSError, ValueError):
        last = " ".join(done.output.split())[-300:]
        pytest.fail(f"{name}: its process ended with status {done.code} and no answer: {last}", pytrace=False)


def require_ok(name: str, told: dict) -> None:
    if not told["ok"]:
        print(told["trace"])
        what = WHAT[told["step"]].format(handler=FUNCTIONS[name]["handler"])
        pytest.fail(f"{name}: {what}: {told['error']}", pytrace=False)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_handler_imports_in_isolation(name, packages, tmp_path):
    require_ok(name, drive(name, packages(name), tmp_path))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_package_fits_the_limits(name, record_property):
    executed(name)
    with zipfile.ZipFile(CONTEXT["artifacts"][name]["path"]) as archive:
        unzipped = sum(info.file_size for info in archive.infolist())
    record_property("measured", f"{unzipped / 2**20:.1f} MiB unzipped")
    record_property("limit", f"<= {UNZIPPED_LIMIT / 2**20:.0f} MiB")
    if unzipped > UNZIPPED_LIMIT:
        pytest.fail(f"{name}: {unzipped / 2**20:.0f} MiB unzipped, Lambda takes 250 MiB", pytrace=False)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_deployed_package_has_the_executed_modules(name):
    tested, deployed = (modules(p["path"]) for p in (executed(name), CONTEXT["artifacts"][name]))
    if tested != deployed:
        what = f"only tested {sorted(tested - deployed)}, only deployed {sorted(deployed - tested)}"
        pytest.fail(f"{name}: two packages of one lock differ in modules: {what}", pytrace=False)


def modules(path: str) -> set[str]:
    """The top-level modules and packages of a zip; a compiled module's name without its platform."""
    with zipfile.ZipFile(path) as archive:
        heads = {name.partition("/")[0] for name in archive.namelist()}
    return {head.partition(".")[0] for head in heads if not head.endswith((".dist-info", ".libs", ".data"))}


@pytest.mark.parametrize(("name", "event"), EVENTS or [pytest.param("", "", id="no events")])
def test_answers_its_sample_event(name, event, packages, tmp_path, record_property):
    if not name:
        pytest.skip("no component names sample events")
    path = Path(CONTEXT["root"], event)
    try:
        json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        pytest.fail(f"{name}: the sample event {event} cannot be read: {error}", pytrace=False)
    told = drive(name, packages(name), tmp_path, str(path))
    require_ok(name, told)
    record_property("measured", json.dumps(told["answer"])[:200])
