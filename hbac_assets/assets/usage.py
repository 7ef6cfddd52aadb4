"""Resource usage of a training, under MLflow's names of system metrics."""

import psutil

MEGABYTE = 1e6


class Usage:
    """Measures between calls, without a background thread."""

    def __init__(self) -> None:
        """Begin to measure."""
        self._process = psutil.Process()
        psutil.cpu_percent()
        self._process.cpu_percent()

    def since_last(self) -> dict[str, float]:
        """Return the mean processor load since the last call, and the memory now in use.

        For the process, 100 is one fully used core.
        """
        import jax

        memory = psutil.virtual_memory()
        used = {
            "system/cpu_utilization_percentage": psutil.cpu_percent(),
            "system/process_cpu_utilization_percentage": self._process.cpu_percent(),
            "system/system_memory_usage_megabytes": memory.used / MEGABYTE,
            "system/system_memory_usage_percentage": memory.percent,
            "system/process_memory_usage_megabytes": self._process.memory_info().rss / MEGABYTE,
        }
        for number, device in enumerate(jax.local_devices()):
            if known := device.memory_stats():  # a CPU has none
                used[f"system/gpu_{number}_memory_usage_megabytes"] = known["bytes_in_use"] / MEGABYTE
        return used
