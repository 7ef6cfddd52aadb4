"""The named experiments (YAML files beside this one) and their schema. What a member is stands in `learning.settings`."""
