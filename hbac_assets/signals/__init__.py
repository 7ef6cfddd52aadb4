"""EEG and spectrogram mathematics, in numpy and scipy alone.

Montage, grid and transforms belong here; files, labels and models do not.
"""
