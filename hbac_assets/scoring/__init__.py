"""The competition's metric, and everything computed from predictions: scores, references, blends, the submission.

Works on arrays and tables alone; making predictions belongs to `learning`.
"""
