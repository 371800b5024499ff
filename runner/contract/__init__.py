"""The schema contract: the columns that readers of a table rely on, and what differs from them."""
