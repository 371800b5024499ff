"""A CodePipeline job worker: polls for the jobs of a custom action, judges a solution for each, answers.

docs/worker.md says what the contract is and what was decided.
"""
