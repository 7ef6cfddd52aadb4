"""The competition's tables and files: validated reading, conversion, fingerprint, folds.

Knows pandas and pyarrow, and neither Dagster nor MLflow. What is computed from arrays belongs to `signals`,
what is computed from predictions to `scoring`.
"""
