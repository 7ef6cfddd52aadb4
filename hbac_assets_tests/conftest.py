"""What holds for every test: nothing is written into the checkout outside data/."""

from pathlib import Path

from hypothesis.configuration import set_hypothesis_home_dir

set_hypothesis_home_dir(Path(__file__).parents[1] / "data" / "cache" / "hypothesis")
