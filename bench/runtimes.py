# SPDX-License-Identifier: Apache-2.0
"""The runtimes that are compared: what is found or given, in every pairing with ours."""
import os
import shutil
import subprocess

# Who everything else is compared with.
OWN = "runtime-parent"
FLOOR = "floor"


class Runtime:
    """A command line that takes runc's arguments."""

    def __init__(self, name, command, environment=None, programs=()):
        self.name = name
        self.command = command
        self.environment = {**os.environ, **(environment or {})}
        self.programs = programs  # whose size counts

    def call(self, *args):
        """The command that measures, or runs, one call."""
        return [*self.command, *args]


def version_of(program):
    """The version in the first line of --version, or None for what is no runtime."""
    try:
        result = subprocess.run([program, "--version"], capture_output=True, text=True,
                                timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    words = result.stdout.split("\n", 1)[0].split()
    return words[2] if words[1:2] == ["version"] and len(words) > 2 else None


def named(kind, given):
    """("runc-1.3.6", path) of each program of a kind; without any given, the installed one."""
    paths = given or [path for path in [shutil.which(kind)] if path]
    for path in paths:
        version = version_of(path)
        if version:
            yield f"{kind}-{version}", os.path.abspath(path)
        elif given:
            raise SystemExit(f"bench/run: {path} is no {kind}")


def find_runtimes(build, runcs, cruns, state):
    """All that there is to compare, ours first. Each keeps its state below its own folder."""
    init = f"{build}/runtime-init"
    parent = f"{build}/runtime-parent"
    launcher = f"{build}/runc-with-runtime-init"

    def root(name):
        return ["--root", f"{state}/{name}"]

    found = [Runtime(OWN, [parent, *root(OWN), "--init", init], programs=(parent, init))]
    for name, path in named("runc", runcs):
        both = f"{name}+runtime-init"
        options = f"--runc {path} --init {init}"
        found.append(Runtime(both, [launcher, *root(both)], {"RUNC_WITH_RUNTIME_INIT": options},
                             programs=(path, init)))
        other = f"{OWN}+{name}"
        found.append(Runtime(other, [parent, *root(other), "--init", path],
                             programs=(parent, path)))
        found.append(Runtime(name, [path, *root(name)], programs=(path,)))
    for name, path in named("crun", cruns):
        found.append(Runtime(name, [path, *root(name)], programs=(path,)))
    return found
