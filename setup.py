"""Which packages there are; all else stands in pyproject.toml, which cannot say that cli/ is streamrnn_cli."""

from setuptools import find_packages, setup

setup(packages=[*find_packages(include=["streamrnn", "streamrnn.*"]), "streamrnn_cli"])
