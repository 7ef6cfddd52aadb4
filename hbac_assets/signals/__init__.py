"""EEG and spectrogram mathematics, in numpy, scipy and PyWavelets alone.

Montage, grid, transforms and the recipes that choose among them belong here; files, labels and models do not.
"""
