"""How the steps of a run are executed on the machines of a Ray cluster: a job of Ray for each.

Imported only where `HBAC_RAY` names a cluster: its packages are an extra of this project.
"""
