"""The inputs of a network: the array of a row, by the member's kind of input.

A kind of input is one module and one entry of `kinds.KINDS`; it names its stored arrays, reads a row, and declares its
shape, augmentations, normalisations and backbones. Transfer to the device belongs to
`hbac_assets.learning.image_source`, operations on a batch to `hbac_assets.learning.images`.
"""
