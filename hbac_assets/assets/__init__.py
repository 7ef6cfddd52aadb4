"""The assets, one module per stage.

An asset checks whether its artifact is up to date, calls the layer that does the work, and reports the result. The work
itself belongs to `competition`, `synthetic`, `learning` and `scoring`.
"""
