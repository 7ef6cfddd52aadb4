"""The inputs of a network: how a row of the table becomes the array that a member sees.

A kind of input is one module and one entry of `kinds.KINDS`; it names the stored arrays that it is made from, reads a
row, and says which shape, augmentations, normalisations and backbones go with it. How the arrays reach the device
belongs to `hbac_assets.learning.image_source`, what happens to a batch there to `hbac_assets.learning.images`.
"""
