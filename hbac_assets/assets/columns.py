"""Descriptions of the tables' columns, for Dagster."""

from hbac_assets.competition.metadata import SHARE_COLUMNS
from hbac_assets.labels import CLASSES, PROBABILITY_COLUMNS, VOTE_COLUMNS

DESCRIPTIONS = {
    "eeg_id": "the EEG; its file is train_eegs/<eeg_id>.parquet",
    "eeg_sub_id": "the label's number among those of its EEG",
    "eeg_label_offset_seconds": "beginning of the labelled 50 s window in the EEG, s",
    "spectrogram_id": "the spectrogram; its file is train_spectrograms/<spectrogram_id>.parquet",
    "spectrogram_sub_id": "the label's number among those of its spectrogram",
    "spectrogram_label_offset_seconds": "beginning of the labelled 10 min window in the spectrogram, s",
    "label_id": "the label, one row of train.csv",
    "patient_id": "the patient; all rows of a patient are in one fold",
    "expert_consensus": "the class with the most votes, as train.csv has it",
    "vote_count": "the number of expert votes",
    "agreement": "agreement among the experts: idealized, proto, edge or mixed (docs/scores.md)",
    "fold": "the fold that holds the row out",
    "member": "the member or ensemble that predicted the row",
    "kl": "KL divergence of the prediction from the votes, nats; lower is better",
    "columns": "length of the spectrogram, in columns of 2 s",
    "nan_share": "fraction of missing values in the file",
    "gaps": "gaps without any value, in columns",
    "digest": "SHA-256 of the array's file",
    "offset_seconds": "beginning of the window in the EEG, s",
    "position": "index of the window in the EEG's array",
    "missing": "fraction of missing samples in the window",
    "model": "a member, an ensemble, or a reference",
    "rows": "number of rows",
    "patients": "number of patients",
    "mean": "mean KL divergence over the rows, nats; lower is better",
    "low": "lower end of the 95 % interval over patients",
    "high": "upper end of the 95 % interval over patients",
    "KL": "mean KL divergence from the votes over the held-out rows, nats; lower is better",
    "95 %": "95 % interval over patients",
    "way": "the way covered from the class prior's score to the floor of votes",
    "behind": "mean difference from the best model, row by row, nats",
    "chance": "whether that difference may be chance",
    "val_loss": "KL divergence on the held-out fold in the scored epoch, nats",
    "scored_epoch": "the epoch whose weights predict",
    "seconds": "duration of the training, s",
    **{column: f"votes for {name}" for column, name in zip(VOTE_COLUMNS, CLASSES, strict=True)},
    **{
        column: f"fraction of the votes that are for {name}"
        for column, name in zip(SHARE_COLUMNS, CLASSES, strict=True)
    },
    **{
        column: f"predicted probability of {name}; the six sum to 1"
        for column, name in zip(PROBABILITY_COLUMNS, CLASSES, strict=True)
    },
}
