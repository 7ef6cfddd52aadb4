"""What exists: the assets, a module for each stage, in the order of the chain.

An asset here checks what is up to date, calls the layer that does the work, and says what came out. The work itself
belongs to `competition`, `synthetic`, `learning` and `scoring`.
"""
