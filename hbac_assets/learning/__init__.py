"""Training and prediction with Keras on JAX: from windows of spectrograms to probabilities of the classes.

Nothing here knows of Dagster or MLflow. Importing this package chooses Keras' backend: import it before keras.
"""

import os

os.environ["KERAS_BACKEND"] = "jax"
# keras-cv imports TensorFlow, which otherwise reports its CPU features and its oneDNN operations on every start.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
