"""Lockgate: tests and deploys machine-learning solutions on AWS."""

__version__ = "0.1.0"
