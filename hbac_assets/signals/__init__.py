"""EEG and spectrogram mathematics, with numpy, scipy and PyWavelets only.

Montage, grid, transforms and their recipes belong here; files, labels and models do not.
"""
