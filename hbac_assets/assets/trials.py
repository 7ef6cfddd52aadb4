"""The trials of a search, one after the other: each trained, logged to MLflow, told to the study.

Which values a trial tries and when it is given up is decided in `learning.search`; how many trials there are, in
`hyperparameter_search`.
"""

import gc
import logging
import shutil
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

import pandas as pd

from hbac_assets.assets.cell import examples
from hbac_assets.assets.tables import read_table
from hbac_assets.assets.tracked import tracked_trial
from hbac_assets.learning.search.settings import Search
from hbac_assets.learning.settings import MemberSettings
from hbac_assets.lineage import Lineage
from hbac_assets.resources.tracking import ExperimentRuns, TrackedRun

if TYPE_CHECKING:
    from optuna import Study, Trial

    from hbac_assets.learning.checkpoint import EpochRecord
    from hbac_assets.learning.search.study import Outcome, Report
    from hbac_assets.learning.training import Examples


@dataclass(frozen=True)
class Trials:
    """What all trials of a launch have in common."""

    study: "Study"
    search: Search
    lineage: Lineage
    runs: ExperimentRuns
    parent: TrackedRun
    log: logging.Logger

    def run(self, until: int) -> None:
        """Do trials until so many are told; call while holding a device.

        Raises:
            HbacError: an input is missing or broken, or a file cannot be written.
        """
        from hbac_assets.learning.search.study import ask, told

        began, first = time.monotonic(), len(told(self.study))
        for number in range(first + 1, until + 1):
            outcome = self._one(number, ask(self.study, self.search))
            each = (time.monotonic() - began) / (number - first)
            self.log.info(self._line(number, outcome) + f", {each:.0f} s each, {each * (until - number):.0f} s left")
            batch, rest = divmod(number, self.search.trials)
            if rest == 0:
                self.log.info(f"batch {batch} of {self.search.batches} is done")

    def _one(self, number: int, trial: "Trial") -> "Outcome":
        """Train a trial and tell it, after MLflow knows: what is told is never done again."""
        from hbac_assets.learning.search.study import attempt, tell
        from hbac_assets.learning.search.trial import shortened, tuned

        member = self.lineage.experiment.members[self.search.member]
        settings = shortened(tuned(member, trial.params), self.search.epochs)
        study = self.lineage.tuned_member.inputs
        tracked = tracked_trial(self.runs, study, self.search, number, settings, self.parent)
        tracked.reopen()
        try:
            outcome = attempt(
                self.study, self.search, trial, lambda report: self._train(number, settings, tracked, report)
            )
        except BaseException as error:
            tracked.fail(str(error))
            raise
        tracked.tag(outcome=outcome.kind)
        if outcome.loss is not None:
            tracked.log_metrics({"search_loss": outcome.loss})
        tracked.finish()
        tell(self.study, trial, outcome)
        return outcome

    def _train(self, number: int, settings: MemberSettings, tracked: TrackedRun, report: "Report") -> float:
        from hbac_assets.learning.search.trial import train_trial

        def on_epoch(record: "EpochRecord") -> None:
            tracked.log_epochs(pd.DataFrame([asdict(record)]))
            self.log.info(
                f"trial {number}: epoch {record.epoch} of {self.search.steps} on {self.search.folds} folds, "
                f"loss {record.loss:.4f}, val_loss {record.val_loss:.4f}, {record.images_per_second:.0f} images/s"
            )
            report(record.epoch, record.val_loss)

        folder = self.lineage.search_folder / "trial"
        shutil.rmtree(folder, ignore_errors=True)  # what a killed trial left behind
        try:
            return train_trial(settings, self._folds(settings), folder, on_epoch)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            gc.collect()  # models refer to themselves, and hold the device's memory

    def _folds(self, settings: MemberSettings) -> "Iterator[tuple[Examples, Examples]]":
        """Yield what to train and what to validate on, fold by fold, as a member with `settings` sees it."""
        member = self.search.member
        experiment = self.lineage.experiment.model_copy(update={"members": {member: settings}})
        lineage, rows = replace(self.lineage, experiment=experiment), read_table(self.lineage.folds)
        every = examples(rows, lineage, member, self.log)
        for fold in range(self.search.folds):
            held_out = (rows["fold"] == fold).to_numpy()
            yield every.subset(~held_out), every.subset(held_out)

    def _line(self, number: int, outcome: "Outcome") -> str:
        from hbac_assets.learning.search.study import best, told

        found = best(told(self.study))
        loss = "" if outcome.loss is None else f" with {outcome.loss:.4f}"
        so_far = f", best so far {found.value:.4f}" if found else ""
        total = self.search.batches * self.search.trials
        return f"trial {number} of {total}: {outcome.kind}{loss}{so_far}"
