"""Training and prediction with Keras on JAX: from windows of spectrograms to probabilities of the classes.

Nothing here knows of Dagster or MLflow.
"""
