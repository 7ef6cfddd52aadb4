"""The commit of the code."""

from hbac_assets.resources.paths import IN_CHECKOUT, PROJECT_FOLDER


def code_commit() -> str:
    """Return the checkout's commit, or `unknown` without a checkout."""
    import subprocess

    if not IN_CHECKOUT:  # the nearest repository is not ours
        return "unknown"
    command = ["git", "-C", str(PROJECT_FOLDER), "rev-parse", "HEAD"]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return "unknown"
