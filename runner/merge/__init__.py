"""Merging the tested commit of one branch into another, and offering a commit that takes a release back.

`decide` and `undo` are pure: they say what may be done from what was seen. The hosts, `codecommit` and
`git_host`, see and act: the one by pull requests, so that approval rules hold, the other by a fast-forward
push with a lease. `place` tells from a repository's name which of them it is.
"""
