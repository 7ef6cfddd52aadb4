"""The search for good hyperparameters of a member with Optuna: its settings, its study, its trials, its pictures.

Where a study lies, who holds the device meanwhile and what MLflow hears of it belongs to the asset.
"""
