"""The manifest: what was judged, by what, with what outcome, as canonical JSON known by its digest."""
