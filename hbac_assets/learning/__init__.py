"""Training and prediction with Keras on JAX: from inputs of windows to class probabilities.

Independent of Dagster and MLflow.
"""
