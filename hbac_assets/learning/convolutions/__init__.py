"""Convolutions in the forms that XLA computes fast on the CPU: the same numbers as Keras', and the same models.

What is computed once, in any form, belongs to Keras and its backbones.
"""
