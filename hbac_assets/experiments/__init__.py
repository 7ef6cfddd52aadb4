"""The named experiments (YAML files beside this one) and their schema; members stand in `learning.settings`."""
