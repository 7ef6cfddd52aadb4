"""The preloaded modules of the fork server, in the order of `executor`'s list."""
