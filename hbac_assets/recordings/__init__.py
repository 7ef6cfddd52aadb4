"""EEG recordings of any length: read in blocks from common formats, predicted over time, and plotted.

Everything works in blocks, so that memory does not grow with the length. Folders in Kaggle's layout belong to
`competition`, models to `inference`; nothing here needs Keras.
"""
