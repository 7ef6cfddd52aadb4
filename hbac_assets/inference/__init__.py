"""Prediction with a trained ensemble, from the store or from a bundle: windows of recordings in, probabilities out.

Nothing here knows of Dagster or MLflow. What a bundle needs to predict imports nothing beyond numpy, scipy, pyarrow,
onnxruntime and PyWavelets.
"""
