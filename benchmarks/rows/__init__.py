"""The rows of the table, a module each: `run(workspace)` measures in an empty folder and returns its results.

A module has both sides of its comparison. Running and comparing sides belong to `sides` and `pairs`.
"""

ROWS = {
    1: "benchmarks.rows.spectrogram_conversion",
    2: "benchmarks.rows.eeg_conversion",
    3: "benchmarks.rows.feeding",
    4: "benchmarks.rows.cpu_training",
    5: "benchmarks.rows.torch_training",
    6: "benchmarks.rows.imports",
    7: "benchmarks.rows.cell_start",
    8: "benchmarks.rows.chain",
    9: "benchmarks.rows.growth",
    10: "benchmarks.rows.gpu",
    11: "benchmarks.rows.scoring",
    12: "benchmarks.rows.prediction",
    13: "benchmarks.rows.ingredients",
    14: "benchmarks.rows.serving",
    15: "benchmarks.rows.runtimes",
    16: "benchmarks.rows.cluster",
}
"""The module of each row."""
