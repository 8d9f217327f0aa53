# SPDX-License-Identifier: Apache-2.0
"""Which system calls the init makes in which phase, against the list of those that it may make.

  startup        of the C library
  stage0, stage1
  outside        stage 2 before it switches the root: the container's tree is the enemy's
  inside         after it
  joined         stage 2 of an exec, which is inside from the beginning
  filtered-early after the filter of a container without no_new_privs, before it gives up its capabilities
  filtered-late  after that
  filtered       after the filter is loaded, until the program is executed
  child          of a hook or a mapping tool, until it is executed

A row of init-calls.txt is a phase, calls, what they are about as a pattern of the shell, and why.
"""
import fnmatch
import re

import judge

SECCOMP_SET_MODE_FILTER = "0x1 "
PR_SET_SECCOMP = "0x16 "
# Calls that begin with the fd of a folder, and with a path.
AFTER_FOLDER = ("openat", "openat2", "newfstatat", "mkdirat", "mknodat", "unlinkat", "readlinkat",
                "fchownat", "fchmodat", "faccessat", "open_tree", "mount_setattr")
BY_PATH = ("mount", "mkdir", "statfs", "unlink", "rmdir", "umount2", "readlink", "chdir", "access")
# Before the root is switched nothing in it is reached by an absolute path.
BELOW_ROOT = re.compile("(^| )/[^ ]*/box/rootfs/[^ ]")
ROOT_SWITCHES = ("pivot_root", "chroot")


class Allowed:
    def __init__(self):
        self.rows = []
        for row in judge.rows("init-calls.txt"):
            pattern, _ = re.split(r"\s:\s", row, maxsplit=1)
            phases, calls, about = pattern.split(None, 2)
            self.rows.append((phases.split(","), calls.split(","), about.strip()))

    def has(self, phase, call, about):
        return any(phase in phases and call in calls and fnmatch.fnmatchcase(about.strip(), pattern)
                   for phases, calls, pattern in self.rows)


def loads_filter(call, result, about):
    """libseccomp's questions have the same form, and fail."""
    return not result.startswith("-") and (
        call == "seccomp" and about.startswith(SECCOMP_SET_MODE_FILTER) or
        call == "prctl" and about.startswith(PR_SET_SECCOMP))


def later(lines, number, call):
    return any(line[2] == call for line in lines[number:])


def split(report):
    """(phase, call, about) of all calls of the init."""
    lines = [line for line in report if line[0] == "call" and line[1].startswith("stage")]
    second = [line for line in lines if line[1] == "stage2"]
    switches = any(line[2] in ROOT_SWITCHES for line in second)
    started, phase, seen = False, "outside" if switches else "joined", 0
    for _, role, call, _, result, about in lines:
        if role.endswith("/child"):
            yield "child", call, about
        elif role != "stage2":
            started = started or call == judge.STARTUP_ENDS["stage0"]
            yield role if started else "startup", call, about
        else:
            seen += 1
            yield phase, call, about
            if call in ROOT_SWITCHES and phase == "outside":
                phase = "inside"
            elif loads_filter(call, result, about):
                phase = "filtered-early" if later(second, seen, "capset") else "filtered"
            elif phase == "filtered-early" and call == "capset":
                phase = "filtered-late"


def paths(call, about):
    """What a call gives the kernel as a path, where that is easily told."""
    if call in AFTER_FOLDER:
        return about.partition(" ")[2]
    return about if call in BY_PATH else ""


def check(allowed, report):
    """What the init should not have done, a text each."""
    wrong = {}
    for phase, call, about in split(report):
        if not allowed.has(phase, call, about):
            wrong["%s: %s %s" % (phase, call, judge.subject(about))] = None
        if phase == "outside" and BELOW_ROOT.search(paths(call, about)):
            wrong["%s: a link could lead away: %s %s" % (phase, call, about)] = None
    return list(wrong)
