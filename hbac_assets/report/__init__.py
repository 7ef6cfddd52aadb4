"""Self-contained HTML pages about scored models: of an experiment, of several beside each other, of anybody's files.

`page` knows HTML and nothing of EEG; `sections` say what is on a page; `charts` draw it; `experiment`, `comparison` and
`scored_files` each put one kind of page together. Knows neither Dagster nor MLflow.
"""
