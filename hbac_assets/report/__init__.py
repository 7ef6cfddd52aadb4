"""Self-contained HTML pages about scored models: of one experiment, of several, of prediction files.

`page` renders HTML and knows nothing of EEG; `sections` write the contents; `charts` draw; `experiment`, `comparison`
and `scored_files` each assemble one kind of page. Dagster and MLflow do not belong here.
"""
