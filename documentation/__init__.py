"""The documentation pages generated from the code, the site, and its pictures."""
