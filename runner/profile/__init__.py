"""A first suite from a table: looked at in a few scans, proposed with a reason each, asked of the same data
by the data stage's own answering, and written only where it passes there."""
