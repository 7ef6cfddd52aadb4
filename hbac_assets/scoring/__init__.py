"""The competition's metric and what is made of predictions: scores, references, blends, the submission.

Works on arrays and tables alone; how predictions come about belongs to `learning`.
"""
