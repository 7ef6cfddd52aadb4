"""Convolutions in forms that XLA computes fast on the CPU, with the same results and models as Keras.

Architectures belong to Keras and to the backbones.
"""
