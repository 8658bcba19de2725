"""Backups of a whole installation: one file, made while serving, and brought back into an empty installation."""
