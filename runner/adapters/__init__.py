"""Everything that touches the world: processes (shell), files, AWS (the only boto3)."""
