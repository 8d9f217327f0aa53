# SPDX-License-Identifier: Apache-2.0
"""Which faults there are, and whether a run that met one ended as it should."""
import errno
import fnmatch
import os
import re

# How a run that is good ends; "not met" is a call that this run did not make.
GOOD = ("error line", "fallback", "warning", "repeated", "waited", "not met")
NOT_MET_SHARE = 10  # one in so many faults of a scenario may be not met
OUTPUT = "/box/out"  # what a scenario writes, as a call is about it
RECEIVED = "/dev/pts/ptmx\n"  # what the console's receiver says of its own
HERE = os.path.dirname(os.path.abspath(__file__))
# What comes before the first such call is the C library's start, or the loader's.
STARTUP_ENDS = {"parent": "fcntl", "stage0": "prctl"}


def rows(name):
    """The lines of a table, without comments."""
    with open(os.path.join(HERE, name)) as file:
        for line in file:
            line = line.split("#")[0].strip() if not line.startswith("#") else ""
            if line:
                yield line


def read_errnos():
    """Call -> errnos."""
    table = {}
    for row in rows("errnos.txt"):
        call, *names = row.split()
        table[call] = [] if names == ["-"] else names
    return table


class Exceptions:
    """Rows of role, call, errnos and what the call is about, patterns of the shell, then a reason."""

    def __init__(self, name):
        self.rows = []
        for row in rows(name):
            pattern, reason = re.split(r"\s:\s", row)
            role, call, errnos, about = pattern.split(None, 3)
            self.rows.append((role.split(","), call.split(","), errnos.split(","), about.strip(),
                              reason.strip()))

    def find(self, fault, about):
        for roles, calls, errnos, pattern, reason in self.rows:
            if (any(fnmatch.fnmatchcase(fault.role, role) for role in roles) and
                    (calls == ["*"] or fault.call in calls) and (errnos == ["*"] or fault.what in errnos) and
                    fnmatch.fnmatchcase(about.strip(), pattern)):
                return reason
        return None


class Fault:
    def __init__(self, scenario, role, call, number, what):
        self.scenario, self.role, self.call, self.number, self.what = scenario, role, call, number, what

    def words(self):
        return self.role, self.call, self.number, self.what

    def __str__(self):
        return " ".join(map(str, (self.scenario, *self.words())))


def occurrences(report):
    """The calls of a listing that are ours: role, call, number, what it is about without numbers."""
    started = set()
    for line in report:
        if line[0] != "call":
            continue
        _, role, call, number, _, about = line
        if call == STARTUP_ENDS.get(role, call):
            started.add(role)
        if role in started:
            yield role, call, int(number), about


def subject(about):
    """What a call is about without what differs from run to run: pids, inodes, addresses."""
    about = re.sub("0x[0-9a-f]{6,}", "address", about)
    return re.sub("(?<!0x)(?<![0-9a-f])[0-9]+", "0", about)


class Plan:
    """The faults of one scenario after the other."""

    def __init__(self, everything):
        self.everything = everything
        self.errnos = read_errnos()
        self.impossible = Exceptions("impossible.txt")
        self.seen = set()
        self.unknown = set()

    def choose(self, fresh, faults):
        """Where a call about the same thing was seen, the first errno will do, or none."""
        if not self.everything:
            return faults[:1] if fresh else []
        return faults if fresh else faults[:1]

    def make(self, scenario, report):
        planned = []
        for role, call, number, about in occurrences(report):
            if call not in self.errnos:
                self.unknown.add(call)
            key = (role, call, subject(about))
            faults = [Fault(scenario.name, role, call, number, name)
                      for name in self.errnos.get(call, [])]
            faults = [fault for fault in faults if not self.impossible.find(fault, about)]
            if faults and self.everything:
                faults.append(Fault(scenario.name, role, call, number, "delay"))
            planned += self.choose(key not in self.seen, faults)
            self.seen.add(key)
        return planned


def too_few_met(planned, missed):
    """One may be missed in any case: in a short list a single one is more than its share."""
    return missed > max(1, planned / NOT_MET_SHARE) or missed == planned > 0


def messages(errors):
    return [line for line in errors.splitlines()
            if line != RECEIVED.strip() and not re.search(r"level=(warning|info|debug)", line)]


def text_of(fault):
    return os.strerror(getattr(errno, fault.what, 0)).lower()


class Judge:
    def __init__(self):
        self.fallbacks = Exceptions("fallbacks.txt")
        self.wordings = Exceptions("wordings.txt")
        self.impossible = Exceptions("impossible.txt")

    def judge(self, scenario, fault, result, leftovers):
        """(good, outcome, detail)"""
        kinds = [line[0] for line in result.report]
        met = [line for line in result.report if line[0] == "fault"]
        about = met[0][5] if met else ""
        # Where the order of calls differs from run to run, the Nth may be about something else.
        if met and self.impossible.find(fault, about):
            return None, "not met", ""
        if "hang" in kinds:
            return False, "hang", result.errors
        if "signal" in kinds:
            return False, "crash", str([line for line in result.report if line[0] == "signal"])
        if leftovers:
            return False, "leak", "; ".join(leftovers)
        if not met:
            return None, "not met", ""
        if result.status == 0:
            return self.judge_success(scenario, fault, result, about)
        return self.judge_failure(scenario, fault, result, about)

    def judge_success(self, scenario, fault, result, about):
        # The runtime has gone by then, and the tracer perhaps: the init complains on its terminal.
        said = re.search(r"^exec .*: .*", result.output, re.MULTILINE)
        if said and fault.call == "execve" and "console" in scenario.name:
            return True, "error line", said.group()
        # What could not be written cannot be compared.
        lost = (fault.call == "write" and about.endswith(OUTPUT) and
                fault.what not in ("delay", "EINTR"))
        if not lost and scenario.output not in (None, result.output.replace(RECEIVED, "")):
            return False, "wrong output", repr(result.output)
        told = "level=warning" in result.errors or text_of(fault) in result.errors.lower()
        if told and fault.what != "delay":
            return True, "warning", result.errors
        if fault.what == "delay":
            return True, "waited", ""
        reason = self.fallbacks.find(fault, about)
        if reason:
            return True, "fallback", reason
        if fault.what == "EINTR":
            return True, "repeated", ""
        return False, "undocumented success", about

    def judge_failure(self, scenario, fault, result, about):
        # An init that has its terminal and no socket any more says it there.
        lines = messages(result.errors + (result.output if "console" in scenario.name else ""))
        if fault.what == "delay":
            return False, "failed by a delay", result.errors
        if not lines:
            return False, "silence", about
        # The init may have said itself what the parent only sees the end of.
        if len(lines) > 2 or len([line for line in lines if "level=error" in line]) > 1:
            return False, "several lines", "\n".join(lines)
        if self.wordings.find(fault, about):
            return True, "error line", lines[0]
        text = text_of(fault)
        named = [line for line in lines if text in line.lower()]
        if not named:
            return False, "errno not named", "\n".join(lines)
        if not re.search(r"[^ ]: " + re.escape(text), named[0].lower()):
            return False, "nothing named", named[0]
        return True, "error line", named[0]
