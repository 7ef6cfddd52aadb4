"""How fast each stage is beside what people use today: `make bench`.

Both sides of each comparison live here. Nothing in `hbac_assets` knows of this package, and no test asserts a time.
"""
