"""Execution of a run's steps: their processes, preloaded imports, interrupts and error messages.

The work of a step belongs to `assets`, the choice of its device to `resources.accelerator`.
"""
