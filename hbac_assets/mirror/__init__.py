"""The mirror: a copy of the sealed artifacts of a store, in an S3-compatible bucket or a folder.

    objects/<2 digits>/<SHA-256>                              the bytes of one file, whichever artifacts have it
    commits/<data set>/<experiment>/<time>-<SHA-256>.json     which files were an experiment's artifacts at one time

Nothing is ever overwritten. A commit is written last, when all its objects are there: what an interrupted push leaves
is named by none. A pull takes of a commit what is current here, by the fingerprints of the inputs, and seals each
artifact when its files are whole and have the digests that their names say.

No recording of the competition is copied, neither the raw file nor the array made from it: its rules forbid passing the
data on, and who may have them has them from Kaggle. Synthetic data are copied.
"""
