"""A finished run in a store, where another hand finds it: who signs, deploys, or asks what went wrong.

    runs/ID/report/SHA256/...                the run's folder; SHA256 is its manifest's
    runs/ID/blobs/SHA256                     components, lockgate.yml
    runs/ID/report/manifest.json             last, and once: where it stands all else does
    runs/ID/report/manifest.intoto.jsonl     the signer's, once

What is fetched is what the manifest names, each thing by its digest or judged anew by who reads it; nothing
is found by listing.
"""

from __future__ import annotations

REPORT = "report"
MANIFEST, BUNDLE, CONFIGURATION = "manifest.json", "manifest.intoto.jsonl", "lockgate.yml"
COMPONENTS = "components"


def manifest_key() -> str:
    """Where a kept run's manifest lies, below the run's place."""
    return f"{REPORT}/{MANIFEST}"


def bundle_key() -> str:
    """Where its signatures lie, beside it: whoever tests may put nothing there (infra/)."""
    return f"{REPORT}/{BUNDLE}"


def uri_of(place: str) -> str:
    """What leads others to the manifest of the run that is kept at `place`."""
    return f"{place.rstrip('/')}/{manifest_key()}"
