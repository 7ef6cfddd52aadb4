"""How the steps of a run are executed: their processes, what these share, how they end and what they say.

What a step does belongs to `assets`, which device it gets to `resources.accelerator`.
"""
