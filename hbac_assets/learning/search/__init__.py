"""The hyperparameter search of a member with Optuna: its settings, study, trials and pictures.

The study's path, the device's lease and MLflow logging belong to the asset.
"""
