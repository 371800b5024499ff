"""Judging a model: acceptance criteria in, checks out.

`criteria` is the file's schema, `metrics` what is computed and how it is named, `predictions` what
the model said; every other module is one kind of rule. Nothing here knows of stages: the model
stage (`runner.stages.model`) puts them together.
"""
