"""Deploying: from a passing manifest to what runs, and back. The ledger, the lease, the stack, the traffic."""
