"""Slack workspace exports: read (`export`, `shapes`), worded (`markup`, `compose`), written (`importer`)."""
