"""Prediction with a trained ensemble, from the store or from a bundle: from windows of recordings to probabilities.

Independent of Dagster and MLflow. The modules that a bundle carries import nothing beyond numpy, scipy, pyarrow,
onnxruntime and PyWavelets.
"""
