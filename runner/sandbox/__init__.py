"""The local AWS: ministack as a child process, embedded in a run or detached (SANDBOX in docs/)."""

# Pinned exactly (pyproject.toml says the same): it is young, releases often, and what the tests
# prove was proven against this one.
MINISTACK = "1.5.33"
