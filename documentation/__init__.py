"""The pages of the documentation that are made from the code, the site they are part of, and its pictures."""
