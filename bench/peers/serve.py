"""The implementation's side of the protocol (bench/protocol.ts), for peers in Python: the twin of serve.ts."""

import gc
import json
import re
import struct
import sys
import time

import numpy as np

SAMPLE_SECONDS = 0.002
LAST = 100
"""Episodes whose returns are averaged."""


class DataFile:
    """The file of bench/data-file.ts: `header`, and arrays by name."""

    def __init__(self, path):
        with open(path, "rb") as file:
            (length,) = struct.unpack("<I", file.read(4))
            self.header = json.loads(file.read(length))
            start = 4 + length
            self.arrays = {}
            for entry in self.header["arrays"]:
                file.seek(start + entry["offset"])
                count = int(np.prod(entry["shape"]))
                values = np.fromfile(file, dtype=entry["dtype"], count=count)
                self.arrays[entry["name"]] = values.reshape(entry["shape"])

    def __getitem__(self, name):
        return self.arrays[name]

    @property
    def layers(self):
        """[(weight [out, in], bias [out]), …]"""
        count = len(self.header["sizes"]) - 1
        return [(self[f"w{i}"], self[f"b{i}"]) for i in range(count)]

    @property
    def operands(self):
        """a [M, K] and b [K, N] of a product; views if the file holds them transposed."""
        a, b = self["a"], self["b"]
        layout = self.header["product"]["layout"]
        return (a.T if layout[0] == "T" else a), (b.T if layout[1] == "T" else b)


class Session:
    """A workload that is ready to run."""

    fixed_steps = None
    """The only number of steps that `run` can be called with; without it, any."""

    note = None
    """A note for the report."""

    def run(self, steps):
        """Runs this number of steps, and returns when they are done."""
        raise NotImplementedError

    def verify(self, batches):
        """The loss of a step on each of these mini-batches, or `pick` of the output for the first."""
        raise NotImplementedError

    def learn(self, seed, begun):
        """
        Learns from the beginning, in the place of `verify`; calls `begun` once, after the first `chunk` updates.
        → steps, and the returns of the episodes that have ended, in their order.
        """
        raise NotImplementedError

    def loss(self):
        """The loss of the last step, if there is one."""
        return None


def pick(output):
    """Every ⌊size / 256⌋-th value of an output."""
    flat = np.asarray(output).reshape(-1)
    return flat[:: max(1, flat.size // 256)].tolist()


def serve(name, version, modes, prepare):
    """Answers requests until the input ends. `prepare(request, DataFile)` returns a Session."""
    say({"name": name, "version": version, "modes": modes})
    session, chunk, baseline = None, 1, None
    for line in iter(sys.stdin.readline, ""):
        request = json.loads(line)
        try:
            if request["do"] == "quit":
                break
            if request["do"] == "prepare":
                baseline = resident_bytes("VmRSS")
                chunk = request["chunk"]
                session = prepare(request, DataFile(request["file"]))
                say({"ok": True, **({} if session.note is None else {"note": session.note})})
            elif request["do"] == "verify":
                say({"ok": True, "values": session.verify(request["batches"])})
                settle(session)
            elif request["do"] == "learn":
                say({"ok": True, **learn(session, request["seed"])})
                settle(session)
            else:
                say({"ok": True, **timing(session, chunk, request["minMillis"], baseline)})
        except Exception as error:  # whatever it is, the benchmark reports it
            say({"ok": False, "error": f"{type(error).__name__}: {error}"})


def settle(session):
    """One run, so that everything made on first use exists."""
    session.run(session.fixed_steps or 1)
    gc.collect()
    forget_peak()


def learn(session, seed):
    started = time.perf_counter()
    first = []
    steps, returns = session.learn(seed, lambda: first.append(time.perf_counter() - started))
    seconds = time.perf_counter() - started
    last = returns[-LAST:]
    return {
        "steps": steps,
        "episodes": len(returns),
        "meanReturn": sum(last) / len(last) if last else None,
        "seconds": seconds,
        "firstSeconds": first[0],
    }


def timing(session, chunk, min_millis, baseline):
    started = time.perf_counter()

    def take(steps):
        before = time.perf_counter()
        session.run(steps)
        return time.perf_counter() - before

    # Warms up caches and clock frequency with a sample that does not count. Doubles it until the clock can measure it.
    fixed = session.fixed_steps
    steps = fixed or 1
    while take(steps) < SAMPLE_SECONDS and fixed is None and steps < chunk:
        steps *= 2
    samples = []
    while not samples or time.perf_counter() - started < min_millis / 1000:
        samples.append(1e6 * take(steps) / steps)
    peak = resident_bytes("VmHWM")
    known = peak is not None and baseline is not None
    return {
        "samples": samples,
        "loss": session.loss(),
        "peakBytes": max(0, peak - baseline) if known else None,
    }


def resident_bytes(field):
    """This process's resident memory now (VmRSS) or its peak (VmHWM); None if there is no /proc."""
    try:
        with open("/proc/self/status") as status:
            match = re.search(rf"^{field}:\s*(\d+) kB", status.read(), re.MULTILINE)
            return 1024 * int(match[1]) if match else None
    except OSError:
        return None


def forget_peak():
    """Memory for reading the file is not memory of the steps. Writing 5 makes Linux reset the peak."""
    try:
        with open("/proc/self/clear_refs", "w") as refs:
            refs.write("5")
    except OSError:
        pass


def say(message):
    # allow_nan: a loss that is NaN must not look like a number.
    sys.stdout.write(json.dumps(finite(message)) + "\n")
    sys.stdout.flush()


def finite(value):
    """JSON has no NaN and no infinity: null stands for them."""
    if isinstance(value, float) and not np.isfinite(value):
        return None
    if isinstance(value, dict):
        return {key: finite(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(entry) for entry in value]
    return value
