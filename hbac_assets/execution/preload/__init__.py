"""What the process that steps are forked from imports before and after all that they share; `executor` has the list."""
