"""Synthetic critical-care EEG in the competition's layout, for those who do not hold the competition's data.

A small generative model: `recordings` plans patients and what was labelled, `latents` says what is in the
brain and what readers call it, `background`, `patterns` (with `morphology`, how they look in a recording) and
`artifacts` render it, `generation` writes the files, `truth` reads back what no learner may see. Nothing here knows of
models or assets. docs/synthetic.md compares all of it with real recordings.
"""
