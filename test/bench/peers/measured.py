"""What the peers of this folder measure alike: the time of a run and the memory of the process."""

import json
import time
from pathlib import Path


def peak_rss_mb():
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 1024
    import resource

    # Bytes on macOS, the one other system with these versions.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def print_measured(peer, run, sizes, *modules):
    """Runs sizes["warmups"] times unmeasured and sizes["runs"] times measured, and prints the line of JSON."""
    for _ in range(sizes["warmups"]):
        run()
    times = []
    for _ in range(sizes["runs"]):
        start = time.perf_counter()
        run()
        times.append((time.perf_counter() - start) * 1e3)
    times.sort()
    middle = len(times) // 2
    figures = {
        "peer": peer,
        "ms": (times[middle] + times[-1 - middle]) / 2,
        "min_ms": times[0],
        "peak_rss_mb": peak_rss_mb(),
    }
    print(json.dumps({**figures, **{module.__name__: module.__version__ for module in modules}}))
