"""The history of versions: which content got which number, when, by whom, and how it was judged."""
