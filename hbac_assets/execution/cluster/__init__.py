"""Execution of the steps of a run on a Ray cluster, each as a Ray job.

Imported only if `HBAC_RAY` is set, since its packages are an extra of this project.
"""
