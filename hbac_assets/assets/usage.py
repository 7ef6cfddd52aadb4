"""What a training uses of its machine, under the names by which MLflow's pages know metrics of the system."""

import psutil

MEGABYTE = 1e6


class Usage:
    """Measures from one call to the next, without a thread of its own."""

    def __init__(self) -> None:
        """Begin to measure."""
        self._process = psutil.Process()
        psutil.cpu_percent()
        self._process.cpu_percent()

    def since_last(self) -> dict[str, float]:
        """Return the mean load of the processors since the last call, and the memory that is in use now.

        Of the process, 100 is one core at work all the time.
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
