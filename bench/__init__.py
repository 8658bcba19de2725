"""Measures the product beside bare Flask and against its bars; docs/performance.md explains each figure."""
