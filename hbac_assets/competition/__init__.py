"""The competition's tables and files: validated reading, conversion, fingerprint, folds.

Uses pandas and pyarrow, but neither Dagster nor MLflow. Computations on arrays belong to `signals`, those on
predictions to `scoring`.
"""
