"""A CycloneDX SBOM for every component of a run: what it is, and of which packages it is made.

`build` makes the statements; all below it is pure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import quote

from runner.config.schema import Solution
from runner.errors import InfrastructureError, SolutionError
from runner.evidence import NamedStatement, statement, subjects_of
from runner.evidence.bom import PREDICATE_TYPE, Json, document, main_component, properties
from runner.evidence.lockfile import MAX_BYTES, Locked, parse_lock
from runner.evidence.mlbom import model_bom
from runner.manifest.read import read_bounded
from runner.model import Artifact
from runner.report.record import RunRecord
from runner.text import one_line

ALGORITHMS = {"sha256": "SHA-256", "sha384": "SHA-384", "sha512": "SHA-512"}
TYPES = {"lambda-zip": "application", "lambda-image": "container", "image": "container"}
TYPES |= {"model-image": "container", "model": "machine-learning-model"}
# Facts that are the same wherever and whenever the component is built.
FACTS = ("runtime", "architecture", "handler", "format", "media_type", "source_sha256", "lock_sha256")
Read = Callable[[str], bytes]


def build(record: RunRecord, root: Path, solution: Solution) -> Sequence[NamedStatement]:
    """One statement a built component: `sbom-NAME`, of a model `mlbom-NAME`.

    Raises InfrastructureError where a lock is not the one that a component was built from."""

    def read(lock: str) -> bytes:
        return read_bounded(root / lock, MAX_BYTES)

    found = boms(record, solution, read)
    return [
        NamedStatement(_name(artifact), statement(subjects, PREDICATE_TYPE, found[artifact.name]))
        for artifact in record.artifacts
        if (subjects := subjects_of(artifact))
    ]


def _name(artifact: Artifact) -> str:
    return f"{'mlbom' if artifact.kind == 'model' else 'sbom'}-{artifact.name}"


def boms(record: RunRecord, solution: Solution, read: Read) -> dict[str, Json]:
    """Component -> its BOM. `read` gives the bytes of a lock by its path in the solution.

    Raises InfrastructureError where a lock is not the one that a component was built from. One that pip
    could install but that is not understood here makes a BOM that says so, and that the packages are
    unknown."""
    return {artifact.name: _bom(artifact, record, solution, read) for artifact in record.artifacts}


def _bom(artifact: Artifact, record: RunRecord, solution: Solution, read: Read) -> Json:
    lockgate = record.tools.get("lockgate", "")
    component = solution.components.get(artifact.name)
    if artifact.kind == "model":
        return model_bom(artifact, record, solution, lockgate)
    lock = getattr(component, "lock", None)
    if "lock_sha256" not in artifact.facts:  # an image or a file, or nothing was built from the lock
        return opaque_bom(artifact, lockgate)
    try:
        packages = _locked(artifact, lock, read) if lock else ()
    except SolutionError as error:
        return opaque_bom(artifact, lockgate, str(error))
    return package_bom(artifact, packages, lockgate)


def _locked(artifact: Artifact, lock: str, read: Read) -> tuple[Locked, ...]:
    data = read(lock)
    if hashlib.sha256(data).hexdigest() != artifact.facts.get("lock_sha256"):
        what = f"{lock} is not the lock that {artifact.name} was built from"
        raise InfrastructureError(what, hint="it changed since: build again")
    return parse_lock(data, lock)


def package_bom(artifact: Artifact, packages: Sequence[Locked], lockgate: str) -> Json:
    """The BOM of what is installed from a lock.

    A function's is complete: pip is told to install the lock and nothing else. It is not where a marker
    lets the machine decide, nor where an image's base has packages of its own."""
    main = main_component(artifact, TYPES.get(artifact.kind, "application"))
    main["properties"] = properties(_facts(artifact))
    whole = artifact.kind == "lambda-zip" and not any(package.marker for package in packages)
    aggregate = "complete" if whole else "incomplete"
    return document(main, map(_library, packages), aggregate=aggregate, lockgate=lockgate)


def opaque_bom(artifact: Artifact, lockgate: str, problem: str = "") -> Json:
    """The BOM of a component of which only itself is known: a definition file, an image, a function
    whose lock cannot be read (`problem`). It says that its parts are unknown."""
    built = bool(artifact.facts.get("built", True))
    main = main_component(artifact, TYPES.get(artifact.kind, "file"), hashed=built)
    definition = "" if built else artifact.sha256
    main["properties"] = properties(
        {**_facts(artifact), "problem": one_line(problem), "definition_sha256": definition}
    )
    return document(main, (), aggregate="unknown", lockgate=lockgate)


def _facts(artifact: Artifact) -> dict[str, object]:
    return {"kind": artifact.kind, **{name: artifact.facts.get(name) for name in FACTS}}


def _library(package: Locked) -> Json:
    """Each hash is that of one file which the lock allows: a wheel for a machine, or a source archive."""
    version = f"@{quote(package.version, safe='')}" if package.version else ""
    purl = f"pkg:pypi/{package.name}{version}"
    library: Json = {
        "type": "library",
        "bom-ref": purl,
        "name": package.name,
        "purl": purl,
        "hashes": [{"alg": ALGORITHMS[algorithm], "content": digest} for algorithm, digest in package.hashes],
    }
    if package.version:
        library["version"] = package.version
    if package.marker:
        library |= {"scope": "optional", "properties": properties({"marker": package.marker})}
    return library
