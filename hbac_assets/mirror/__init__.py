"""The mirror: a copy of the sealed artifacts of a store, in an S3-compatible bucket or a folder.

    objects/<2 digits>/<SHA-256>                              the content of a file, stored once for all artifacts
    commits/<data set>/<experiment>/<time>-<SHA-256>.json     the files of an experiment's artifacts at the time

Nothing is ever overwritten. A commit is written last, after all its objects, so that no commit refers to the objects
of an interrupted push. A pull copies those artifacts of a commit that are current here, by the fingerprints of their
inputs, and seals each one once its files are complete and their digests match.

No recording of the competition is copied, neither the raw file nor the array made from it: the rules forbid passing the
data on, and everyone who may use them can get them from Kaggle. Synthetic data are copied.
"""
