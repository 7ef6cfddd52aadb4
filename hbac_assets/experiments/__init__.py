"""The named experiments (YAML files beside this one) and their schema; members belong to `learning.settings`."""
