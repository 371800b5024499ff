"""A CycloneDX SBOM for every component of a run: what it is, and of which packages it is made (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from runner.errors import SolutionError
from runner.evidence import NamedStatement, statement, subjects_of
from runner.evidence.bom import PREDICATE_TYPE, Json, document, main_component, properties
from runner.evidence.left import Left
from runner.evidence.lockfile import Locked, parse_lock
from runner.evidence.mlbom import model_bom
from runner.manifest.schema import Component
from runner.text import one_line

ALGORITHMS = {"sha256": "SHA-256", "sha384": "SHA-384", "sha512": "SHA-512"}
TYPES = {"lambda-zip": "application", "lambda-image": "container", "image": "container"}
TYPES |= {"model-image": "container"}
# Facts that are the same wherever and whenever the component is built.
FACTS = ("runtime", "architecture", "handler", "format", "media_type", "source_sha256", "lock_sha256")


def boms(left: Left) -> list[NamedStatement]:
    """One statement a built component, sorted: `sbom-NAME`, of a model `mlbom-NAME`.

    A lock that was not kept, or that pip could install but that is not understood here, makes a BOM that
    says so, and that the packages are unknown."""
    components = sorted(left.manifest.components.items())
    return [
        NamedStatement(_name(name, one), statement(subjects, PREDICATE_TYPE, _bom(name, one, left)))
        for name, one in components
        if (subjects := subjects_of(name, one))
    ]


def _name(name: str, component: Component) -> str:
    return f"{'mlbom' if component.kind == 'model' else 'sbom'}-{name}"


def _bom(name: str, component: Component, left: Left) -> Json:
    lockgate = left.manifest.tools.get("lockgate", "")
    if component.kind == "model":
        return model_bom(name, component, left, lockgate)
    if "lock_sha256" not in component.facts:  # an image or a file
        return opaque_bom(name, component, lockgate)
    try:
        packages = _locked(str(component.facts["lock_sha256"]), left)
    except SolutionError as error:
        return opaque_bom(name, component, lockgate, str(error))
    return package_bom(name, component, packages, lockgate)


def _locked(sha256: str, left: Left) -> tuple[Locked, ...]:
    """The packages of a lock; none where nothing was built from one ('')."""
    if not sha256:
        return ()
    if sha256 not in left.locks:
        raise SolutionError("its lock was not kept: it has a secret in it")
    named = (name for name, digest in sorted(left.manifest.locks.items()) if digest == sha256)
    return parse_lock(left.locks[sha256], next(named, f"sha256:{sha256}"))


def package_bom(name: str, component: Component, packages: Sequence[Locked], lockgate: str) -> Json:
    """The BOM of what is installed from a lock.

    A function's is complete: pip is told to install the lock and nothing else. It is not where a marker
    lets the machine decide, nor where an image's base has packages of its own."""
    main = main_component(name, component, TYPES.get(component.kind, "application"))
    main["properties"] = properties(_facts(component))
    whole = component.kind == "lambda-zip" and not any(package.marker for package in packages)
    aggregate = "complete" if whole else "incomplete"
    return document(main, map(_library, packages), aggregate=aggregate, lockgate=lockgate)


def opaque_bom(name: str, component: Component, lockgate: str, problem: str = "") -> Json:
    """The BOM of a component of which only itself is known: a definition file, an image, a function
    whose lock cannot be read (`problem`). It says that its parts are unknown."""
    main = main_component(name, component, TYPES.get(component.kind, "file"))
    main["properties"] = properties({**_facts(component), "problem": one_line(problem)})
    return document(main, (), aggregate="unknown", lockgate=lockgate)


def _facts(component: Component) -> dict[str, object]:
    return {"kind": component.kind, **{name: component.facts.get(name) for name in FACTS}}


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
