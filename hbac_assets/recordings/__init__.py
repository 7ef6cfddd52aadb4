"""EEG recordings of any length: read in blocks from the common formats, predicted over time, and drawn.

Everything works on blocks, so that memory does not grow with the length. Files in Kaggle's layout belong to
`competition`, models to `inference`; nothing here needs Keras.
"""
