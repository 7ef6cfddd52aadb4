"""Training and prediction with Keras on JAX: backbones, input pipeline, augmentation, schedules, the training loop.

Nothing here knows of Dagster or MLflow. Importing this package chooses Keras' backend, so import it before keras.
"""

import os

os.environ["KERAS_BACKEND"] = "jax"
# keras-cv imports TensorFlow, which otherwise reports its CPU features on every start.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
