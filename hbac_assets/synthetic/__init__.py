"""Synthetic critical-care EEG in the competition's layout, for users without the competition's data.

A small generative model: `recordings` plans patients and labels, `latents` draws the state of the brain and the
probabilities of votes, `background`, `patterns` (with `morphology`) and `artifacts` render the EEG, `generation` writes
the files, `truth` reads back the true probabilities, which no learner may see. Independent of models and assets.
docs/synthetic.md compares the result with real recordings.
"""
