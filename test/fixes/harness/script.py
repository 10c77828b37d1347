"""Runs a script in a folder of its own, as `python train.py` would, and keeps what it printed, warned of and was seen to do."""
import contextlib
import csv
import importlib
import io
import logging
import os
import re
import runpy
import shutil
import sys
import tempfile
import warnings


class Script:
    """The text of a script. Runs are kept: the same arguments and probe options are run once, unless a folder is shared."""

    def __init__(self, text, probe):
        self.text = text
        self.probe = probe
        self.runs = {}

    def run(self, arguments=(), folder=None, may_fail=False, **options):
        """Runs in `folder`, where files of an earlier run lie, or in a new one; `options` go to the probe.

        A script that raises is an error, unless it `may_fail`: then its trace ends there and holds the `error`.
        """
        trace = self.trace(arguments, folder, options)
        if trace.error is not None and not may_fail:
            raise trace.error
        return trace

    def trace(self, arguments, folder, options):
        key = (tuple(arguments), tuple(sorted(options.items())))
        if folder is None and key in self.runs:
            return self.runs[key]
        with temporary_folder(folder) as place:
            trace = run_in(place, self.text, list(arguments), self.probe, options)
        if folder is None:
            self.runs[key] = trace
        return trace


@contextlib.contextmanager
def temporary_folder(folder=None):
    if folder is not None:
        yield folder
        return
    made = tempfile.mkdtemp(prefix="haywire-fix-")
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def run_in(folder, text, arguments, probe, options):
    path = os.path.join(folder, "train.py")
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write(text)
    earlier, argv, modules = os.getcwd(), sys.argv, set(sys.modules)
    output = io.StringIO()
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    os.chdir(folder)
    sys.argv = ["train.py", *arguments]
    sys.path.insert(0, folder)
    importlib.invalidate_caches()
    try:
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
            with warnings.catch_warnings(record=True) as caught, probe(**options) as trace:
                warnings.simplefilter("always")
                root.handlers = []
                trace.error = None
                try:
                    trace.variables = runpy.run_path(path, run_name="__main__")
                except (Exception, SystemExit) as error:
                    trace.error = error
    finally:
        root.handlers, root.level = handlers, level
        sys.path.remove(folder)
        sys.argv = argv
        os.chdir(earlier)
        for name in set(sys.modules) - modules:
            if getattr(sys.modules[name], "__file__", None) and sys.modules[name].__file__.startswith(folder):
                del sys.modules[name]
    trace.output = output.getvalue() + written_lines(folder)
    trace.warnings = [str(each.message) for each in caught]
    return trace


def written_lines(folder):
    """What a script logs to files of its own."""
    text = ""
    for place, _, names in sorted(os.walk(folder)):
        for name in sorted(names):
            if not name.endswith((".jsonl", ".csv", ".log")):
                continue
            with open(os.path.join(place, name), encoding="utf-8") as file:
                if name.endswith(".csv"):
                    rows = [row.items() for row in csv.DictReader(file)]
                    text += "".join(f"{key} {value}\n" for row in rows for key, value in row if value)
                else:
                    text += file.read()
    return text


def numbers_in(text):
    return [float(found) for found in re.findall(r"-?\d+\.?\d*(?:[eE][-+]?\d+)?", text)]


def numbers_named(name, text):
    """The numbers that a log gives a name: `grad_norm 1.25`, `"grad_norm": 1.25`."""
    return [float(found) for found in re.findall(name + r"[\"':=\s(]*(-?\d+\.?\d*(?:[eE][-+]?\d+)?|nan|inf)", text)]


def close(one, other, tolerance=1e-3):
    return abs(one - other) <= tolerance * max(abs(one), abs(other), 1e-12)
