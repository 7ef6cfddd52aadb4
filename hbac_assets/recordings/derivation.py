"""Electrode potentials from the channels of a file.

A channel is the difference of two inputs. The inputs are the nodes of a graph, the channels its edges; the potentials
of a connected component are known up to one constant, which cancels in a bipolar derivation. So files with one
reference, with one for each hemisphere (A1, A2), and bipolar files are one case: each chain of the montage must be
connected.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hbac_assets.recordings.channel_names import Inputs, inputs
from hbac_assets.recordings.recording import Channel, Recording, refusal
from hbac_assets.recordings.units import microvolts
from hbac_assets.signals.montage import CHAINS, ELECTRODES

LOWEST_RATE = 100
"""Hz: the spectrograms reach 20 Hz, plus the transition band of the anti-alias filter."""
LABELS_SHOWN = 25


@dataclass(frozen=True)
class Step:
    """A potential computed from another: node = other + sign × channel.

    Attributes:
        node: an input's name.
        other: an input of known potential.
        column: of the channel, in the order of `Derivation.channels`.
        sign: +1 or -1.
    """

    node: str
    other: str
    column: int
    sign: int


@dataclass(frozen=True)
class Derivation:
    """The derivation of electrodes from a file's channels.

    Attributes:
        channels: their indices in the file.
        factors: one unit of each in µV.
        grounds: for each component of the graph the input whose potential is taken as 0.
        steps: potentials, each computed from an earlier one.
        closures: redundant columns with their inputs, which must agree with the steps.
        guessed: labels of channels without a unit, assumed to be in µV.
    """

    channels: tuple[int, ...]
    factors: tuple[float, ...]
    grounds: tuple[str, ...]
    steps: tuple[Step, ...]
    closures: Mapping[int, Inputs]
    guessed: tuple[str, ...]

    @property
    def missing(self) -> list[str]:
        """The electrodes that the file lacks; none belongs to a chain."""
        known = {*self.grounds, *(step.node for step in self.steps)}
        return [name for name in ELECTRODES if name not in known]

    def electrodes(self, signals: np.ndarray) -> np.ndarray:
        """Return float32 (samples, 19) in µV, NaN where an electrode is missing, from (samples, channels) in µV."""
        potentials = self._potentials(signals)
        eeg = np.full((len(signals), len(ELECTRODES)), np.nan, np.float32)
        for column, name in enumerate(ELECTRODES):
            if name in potentials:
                eeg[:, column] = potentials[name]
        return eeg

    def closure_errors(self, signals: np.ndarray) -> Iterator[tuple[int, float, float]]:
        """Yield the column of each closure with the standard deviations of its error and of its signal, in µV."""
        potentials = self._potentials(signals)
        for column, (plus, minus) in self.closures.items():
            measured = signals[:, column]
            yield column, float(np.std(potentials[plus] - potentials[minus] - measured)), float(np.std(measured))

    def _potentials(self, signals: np.ndarray) -> dict[str, np.ndarray]:
        potentials = {ground: np.zeros(len(signals)) for ground in self.grounds}
        for step in self.steps:
            potentials[step.node] = potentials[step.other] + step.sign * signals[:, step.column]
        return potentials


def derive(recording: Recording) -> Derivation:
    """Return the derivation of electrodes from the recording's channels.

    Raises:
        HbacError: an electrode of a chain is missing, a chain is not connected, or a required channel has no unit of
            voltage or fewer than 100 samples a second.
    """
    edges = {number: named for number, one in enumerate(recording.channels) if (named := inputs(one.label))}
    parts = list(_parts(edges))
    _require_chains(recording, edges, [{ground, *(node for node, *_ in path)} for ground, path in parts])
    wanted = [(ground, _pruned(path)) for ground, path in parts]
    wanted = [(ground, path) for ground, path in wanted if path]
    used = [number for _, path in wanted for _, _, number, _ in path]
    closures = {number: edges[number] for number in _closures(edges, wanted) if number not in used}
    channels = sorted([*used, *closures])
    columns = {number: column for column, number in enumerate(channels)}
    described = [recording.channels[number] for number in channels]
    for channel in described:
        _require_rate(recording.path, channel)
    return Derivation(
        tuple(channels),
        tuple(_factor(recording.path, channel) for channel in described),
        tuple(ground for ground, _ in wanted),
        tuple(Step(node, other, columns[number], sign) for _, path in wanted for node, other, number, sign in path),
        {columns[number]: named for number, named in closures.items()},
        tuple(channel.label for channel in described if not channel.unit.strip()),
    )


_Path = list[tuple[str, str, int, int]]
"""(node, the node it is reached from, channel, sign), in order of computation."""


def _parts(edges: Mapping[int, Inputs]) -> Iterator[tuple[str, _Path]]:
    """Yield the input with most channels of each connected component, and shortest paths from it to the others."""
    neighbours: dict[str, list[tuple[str, int, int]]] = {}
    for number, (plus, minus) in edges.items():
        neighbours.setdefault(minus, []).append((plus, number, 1))
        neighbours.setdefault(plus, []).append((minus, number, -1))
    left = dict(neighbours)
    while left:
        ground = max(left, key=lambda node: len(neighbours[node]))
        path: _Path = []
        seen, queue = {ground}, deque([ground])
        while queue:
            other = queue.popleft()
            for node, number, sign in neighbours[other]:
                if node not in seen:
                    seen.add(node)
                    queue.append(node)
                    path.append((node, other, number, sign))
        for node in seen:
            del left[node]
        yield ground, path


def _pruned(path: _Path) -> _Path:
    """Return the steps needed for electrodes of the 10-20 system."""
    kept: _Path = []
    needed = set(ELECTRODES)
    for step in reversed(path):
        if step[0] in needed:
            needed.add(step[1])
            kept.insert(0, step)
    return kept


def _closures(edges: Mapping[int, Inputs], parts: list[tuple[str, _Path]]) -> Iterator[int]:
    """Yield the redundant channels, which can contradict the steps."""
    for ground, path in parts:
        direct = {node for node, other, *_ in path if other == ground}
        known = {ground, *(node for node, *_ in path)}
        steps = {frozenset(step[:2]) for step in path}
        for number, named in edges.items():
            if known >= set(named) and (frozenset(named) in steps or not direct | {ground} >= set(named)):
                yield number


def _require_chains(recording: Recording, edges: Mapping[int, Inputs], parts: list[set[str]]) -> None:
    known = set().union(*parts)
    missing = [name for name in ELECTRODES if name not in known and any(name in chain for chain in CHAINS.values())]
    if missing:
        labels = [channel.label for channel in recording.channels]
        shown = ", ".join(labels[:LABELS_SHOWN]) + (", …" if len(labels) > LABELS_SHOWN else "")
        expected = f"channels of all electrodes of the longitudinal montage, also of {', '.join(missing)}"
        raise refusal(recording.path, expected, shown, "export them, or rename channels to names of the 10-20 system")
    for chain in CHAINS.values():
        if not any(part.issuperset(chain) for part in parts):
            labels = [recording.channels[number].label for number, named in edges.items() if set(named) & set(chain)]
            expected = f"one reference for {'-'.join(chain)}, or bipolar channels that join them"
            raise refusal(recording.path, expected, ", ".join(labels), "export with one reference")


def _require_rate(path: Path, channel: Channel) -> None:
    if channel.rate < LOWEST_RATE:
        expected, found = f"at least {LOWEST_RATE} samples a second", f"{float(channel.rate):g}"
        raise refusal(path, f"{expected} in channel {channel.label}", found, "export at the rate of the recording")


def _factor(path: Path, channel: Channel) -> float:
    if not channel.unit.strip():
        return 1.0
    factor = microvolts(channel.unit)
    if factor is None:
        expected = f"channel {channel.label} in µV, mV or V"
        raise refusal(path, expected, repr(channel.unit), "correct the unit in the header")
    return factor
