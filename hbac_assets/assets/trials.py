"""The trials of a search, one after the other: trained, logged to MLflow, reported to the study.

`learning.search` decides which values a trial tries and when it is pruned; `hyperparameter_search` the number of
trials.
"""

import gc
import logging
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from hbac_assets.assets.cell import examples
from hbac_assets.assets.mlflow_runs import tracked_trial
from hbac_assets.learning import device
from hbac_assets.learning.search.settings import Search
from hbac_assets.learning.settings import MemberSettings
from hbac_assets.lineage import Lineage
from hbac_assets.resources.tracked_run import TrackedRun
from hbac_assets.resources.tracking import ExperimentRuns, trial_fingerprint
from hbac_assets.results.history import epochs_table
from hbac_assets.store.tables import read_table

if TYPE_CHECKING:
    from optuna import Study, Trial

    from hbac_assets.learning.checkpoint import EpochRecord
    from hbac_assets.learning.search.study import Outcome, Report
    from hbac_assets.learning.training import Examples


@dataclass(frozen=True)
class Trials:
    """The trials of a launch."""

    study: "Study"
    search: Search
    lineage: Lineage
    runs: ExperimentRuns
    parent: TrackedRun
    log: logging.Logger

    def run(self, until: int) -> None:
        """Run trials until so many are finished; the caller holds a device.

        Raises:
            HbacError: an input is missing or damaged, or a file cannot be written.
        """
        from hbac_assets.learning.search.study import ask, finished_trials

        began, first = time.monotonic(), len(finished_trials(self.study))
        for number in range(first + 1, until + 1):
            outcome = self._one(number, ask(self.study, self.search))
            each = (time.monotonic() - began) / (number - first)
            self.log.info(self._line(number, outcome) + f", {each:.0f} s each, {each * (until - number):.0f} s left")
            batch, rest = divmod(number, self.search.trials)
            if rest == 0:
                self.log.info(f"batch {batch} of {self.search.batches} is done")

    def log_missing(self) -> None:
        """Log the finished trials without a finished MLflow run: MLflow was unavailable, or the search was killed."""
        from hbac_assets.learning.search.study import epochs_of, finished_trials, outcome_of

        for number, trial in enumerate(finished_trials(self.study), start=1):
            if not self.runs.is_finished(trial_fingerprint(self.lineage.tuned_member.inputs, number)):
                tracked = self._tracked(number, self._settings(trial.params))
                tracked.reopen()
                tracked.log_epochs(epochs_of(trial))
                _finish(tracked, outcome_of(trial))

    def _one(self, number: int, trial: "Trial") -> "Outcome":
        """Train a trial and report it to the study."""
        from hbac_assets.learning.search.study import attempt, tell

        settings, epochs = self._settings(trial.params), list["EpochRecord"]()
        tracked = self._tracked(number, settings)
        tracked.reopen()

        def train(report: "Report") -> float:
            def on_epoch(record: "EpochRecord") -> None:
                epochs.append(record)
                tracked.log_epochs(epochs_table([record]))
                self.log.info(self._epoch_line(number, record))
                report(record.epoch, record.val_loss)

            return self._train(settings, on_epoch)

        try:
            outcome = attempt(self.study, self.search, trial, train)
        except BaseException as error:
            tracked.fail(str(error))
            raise
        tell(self.study, trial, outcome, epochs)
        _finish(tracked, outcome)
        return outcome

    def _settings(self, values: Mapping[str, Any]) -> MemberSettings:
        """Return the member's settings with a trial's values."""
        from hbac_assets.learning.search.trial import shortened, tuned

        return shortened(tuned(self.lineage.experiment.members[self.search.member], values), self.search.epochs)

    def _tracked(self, number: int, settings: MemberSettings) -> TrackedRun:
        study = self.lineage.tuned_member.inputs
        return tracked_trial(self.runs, study, self.search, number, settings, self.parent)

    def _train(self, settings: MemberSettings, on_epoch: "Callable[[EpochRecord], None]") -> float:
        from hbac_assets.learning.search.trial import train_trial

        folder = self.lineage.search_folder / "trial"
        shutil.rmtree(folder, ignore_errors=True)  # leftovers of a killed trial
        try:
            with device.enough_memory(f"a trial of {self.search.member}", settings.batch_size):
                return train_trial(settings, self._folds(settings), folder, on_epoch)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            gc.collect()  # models are in reference cycles and hold device memory

    def _folds(self, settings: MemberSettings) -> "Iterator[tuple[Examples, Examples]]":
        """Yield training and validation data, fold by fold, for a member with `settings`."""
        member = self.search.member
        experiment = self.lineage.experiment.model_copy(update={"members": {member: settings}})
        lineage, rows = replace(self.lineage, experiment=experiment), read_table(self.lineage.folds)
        every = examples(rows, lineage, member, self.log)
        for fold in range(self.search.folds):
            held_out = (rows["fold"] == fold).to_numpy()
            yield every.subset(~held_out), every.subset(held_out)

    def _epoch_line(self, number: int, record: "EpochRecord") -> str:
        return (
            f"trial {number}: epoch {record.epoch} of {self.search.steps} on {self.search.folds} folds, "
            f"loss {record.loss:.4f}, val_loss {record.val_loss:.4f}, {record.images_per_second:.0f} images/s"
        )

    def _line(self, number: int, outcome: "Outcome") -> str:
        from hbac_assets.learning.search.study import best, finished_trials

        found = best(finished_trials(self.study))
        loss = "" if outcome.loss is None else f" with {outcome.loss:.4f}"
        so_far = f", best so far {found.value:.4f}" if found else ""
        total = self.search.batches * self.search.trials
        return f"trial {number} of {total}: {outcome.kind}{loss}{so_far}"


def _finish(tracked: TrackedRun, outcome: "Outcome") -> None:
    """Close the run of a finished trial."""
    tracked.tag(outcome=outcome.kind)
    if outcome.loss is not None:
        tracked.log_metrics({"search_loss": outcome.loss})
    tracked.finish()
