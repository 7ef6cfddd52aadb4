"""The gain of each ingredient of a member in the finished experiment `ablation`, as a Markdown table.

    HBAC_EXPERIMENT=ablation hbac run && python -m benchmarks.ablation

A gain is the mean KL divergence without the ingredient minus that with it, over the same rows; above 0 the ingredient
helps. Each is given for two seeds, which differ by chance alone.
"""

import sys
from collections.abc import Iterator

from benchmarks.finished import finished
from hbac_assets.errors import HbacError
from hbac_assets.results.scores import evaluation
from hbac_assets.scoring.evaluation import Evaluation

EXPERIMENT, SECOND_SEED = "ablation", "_2"
BASES = {"without_": "waveforms", "with_": "waveforms", "image_without_": "image", "image_with_": "image"}
"""The base of a member, by the beginning of its name."""
HEADER = """\
| ingredient | KL, first seed | gain (95 % interval) | second seed | ≥ 10 votes: first seed | second seed |
| --- | --- | --- | --- | --- | --- |"""


def main() -> int:
    """Print the table; return the exit status."""
    try:
        lineage = finished(EXPERIMENT)
    except HbacError as error:
        print(error, file=sys.stderr)
        return 1
    print(HEADER, *table(evaluation(lineage.oof), tuple(lineage.experiment.members)), sep="\n")
    return 0


def table(found: Evaluation, members: tuple[str, ...]) -> Iterator[str]:
    """Yield a row for each member of the first seed; bases have no gains."""
    for member in members:
        if member.endswith(SECOND_SEED):
            continue
        first, second = found.record_of(member), found.record_of(member + SECOND_SEED)
        beginning = next((one for one in BASES if member.startswith(one)), None)
        if beginning is None:
            yield (
                f"| *nothing: {member}* | {first['mean']:.4f} |  | {second['mean']:.4f} in all "
                f"| {first['kl_many_votes']:.4f} in all | {second['kl_many_votes']:.4f} in all |"
            )
            continue
        base = BASES[beginning]
        pairs = [(member, base), (member + SECOND_SEED, base + SECOND_SEED)]
        if added := beginning.endswith("with_"):
            pairs = [(without, having) for having, without in pairs]
        gains = " | ".join(_gain(found, *pair) for pair in pairs)
        votes = [[found.record_of(one)["kl_many_votes"] for one in pair] for pair in pairs]
        many = " | ".join(f"{without - having:+.4f}" for without, having in votes)
        words = member.removeprefix(beginning).replace("_", " ")
        yield f"| {'with' if added else 'without'} {words} | {first['mean']:.4f} | {gains} | {many} |"


def _gain(found: Evaluation, without: str, having: str) -> str:
    """Return the difference of a pair with its interval."""
    for pair in found.differences:
        if (pair["first"], pair["second"]) == (without, having):
            return f"{pair['difference']:+.4f} ({pair['low']:+.4f}, {pair['high']:+.4f})"
        if (pair["second"], pair["first"]) == (without, having):
            return f"{-pair['difference']:+.4f} ({-pair['high']:+.4f}, {-pair['low']:+.4f})"
    raise ValueError(f"{without}, {having}: expected a difference of the two, found none")


if __name__ == "__main__":
    sys.exit(main())
