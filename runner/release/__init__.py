"""Deploying: from a passing manifest to what runs, and back. Ledger, lease, stack, traffic."""
