# SPDX-License-Identifier: Apache-2.0
"""A place to run one scenario in, again and again, which sees what a run leaves behind."""
import ctypes
import json
import os
import shutil
import signal
import subprocess
import time

import scenarios

PR_SET_CHILD_SUBREAPER = 36
CLONE_NEWNS = 0x20000
APPLETS = ("ls", "sh", "echo", "sleep", "true")
LIMIT_S = 10  # chosen: a start takes a twentieth of a second
CACHE = "/run/runtime-init"  # of compiled seccomp profiles; what may stay
GRACE_S = 3  # for processes that were killed to be gone


known = []  # children that belong to no run


def adopt_orphans():
    """What a run leaves running becomes a child of this process."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    known.extend(children())


def make_own_run():
    """A /run that no other worker sees, for the cache is in it."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS) < 0 or libc.mount(b"none", b"/run", b"tmpfs", 0, None) < 0:
        raise OSError(ctypes.get_errno(), "tmpfs on /run")


def children():
    with open("/proc/self/task/%d/children" % os.getpid()) as file:
        return [int(pid) for pid in file.read().split()]


def reap(but=()):
    """Collect who ended; return those who did not."""
    living = []
    for pid in children():
        if pid in known or pid in but:
            continue
        try:
            if os.waitpid(pid, os.WNOHANG)[0] == 0:
                living.append(pid)
        except ChildProcessError:
            pass
    return living


def read_file(path):
    with open(path, errors="replace") as file:
        return file.read()


class Result:
    def __init__(self, status, output, errors, report):
        self.status = status
        self.output = output
        self.errors = errors
        self.report = report  # lines of the tracer, each a list of words


class Box:
    def __init__(self, folder, busybox, build, scenario, holders):
        self.folder = folder
        self.busybox = busybox  # on the same file system
        self.build = build
        self.scenario = scenario
        self.holders = holders  # namespaces: (without a user namespace, with one)
        self.id = "rti-%d" % os.getpid()
        self.state = folder + "/state"
        self.helper = None
        self.cgroup_roots = [line.split()[4] for line in open("/proc/self/mountinfo")
                             if " - cgroup" in line]

    def prepare(self):
        """Everything new but the programs."""
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.rmtree(CACHE, ignore_errors=True)
        rootfs = self.folder + "/rootfs"
        for name in ("bin", "dev", "etc", "proc", "sys", "tmp"):
            os.makedirs(rootfs + "/" + name)
        os.link(self.busybox, rootfs + "/bin/busybox")
        for name in APPLETS:
            os.symlink("busybox", rootfs + "/bin/" + name)
        os.makedirs(self.folder + "/source/masked")
        for path in (self.folder + "/source/file", rootfs + "/etc/motd"):
            with open(path, "w") as file:
                file.write("hello\n")
        os.mkdir(self.state)
        if self.scenario.owner:
            self.give(rootfs, self.scenario.owner)
        if self.scenario.user:
            self.give(self.folder, self.scenario.user)
        self.configure()

    def give(self, top, owner):
        os.chown(top, owner, owner)
        for folder, folders, files in os.walk(top):
            for name in folders + files:
                if name != "busybox":
                    os.chown(folder + "/" + name, owner, owner, follow_symlinks=False)

    def configure(self):
        scenario = self.scenario
        # As the user, whose ids --rootless puts in.
        subprocess.run([self.build + "/runtime-parent", "spec", *(["--rootless"] if scenario.user else [])],
                       cwd=self.folder, user=scenario.user, group=scenario.user, check=True)
        with open(self.folder + "/config.json") as file:
            config = json.load(file)
        config["process"]["terminal"] = False
        config["process"]["args"] = scenario.args
        arguments = [config, self.folder]
        if scenario.namespaces:
            arguments.append(self.holders["user" in scenario.name])
        if scenario.configure:
            scenario.configure(*arguments)
        with open(self.folder + "/config.json", "r+") as file:
            file.truncate()
            json.dump(config, file)

    def expand(self, words):
        return [word.replace("BOX", self.folder).replace("ID", self.id) for word in words]

    def runtime(self, words):
        return [self.build + "/runtime-parent", "--root", self.state,
                "--init", self.build + "/runtime-init", *self.expand(words)]

    def call(self, words, name, **more):
        """Output goes to files, which a container that lives holds open. Returns status and stderr."""
        errors = self.folder + "/" + name + ".err"
        with open(self.folder + "/out", "a") as out, open(errors, "a") as err:
            process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                       cwd=self.folder, **more)
            # As an engine or pid 1 does: a pid namespace lives until its zombies are collected.
            but = [process.pid] + ([self.helper.pid] if self.helper else [])
            while process.poll() is None:
                reap(but)
                time.sleep(0.001)
        return process.returncode, errors

    def start_helper(self):
        words = self.expand(self.scenario.helper)
        if not words:
            return
        with open(self.folder + "/out", "a") as out, open(self.folder + "/helper.err", "w") as err:
            out = out if words[1] == "console" else err
            self.helper = subprocess.Popen([self.build + "/tests/helpers/" + words[0], *words[1:]],
                                           stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        while not os.path.exists(self.folder + "/socket") and self.helper.poll() is None:
            time.sleep(0.001)

    def stop_helper(self):
        if self.helper:
            self.helper.kill()
            self.helper.wait()
            self.helper = None

    def run(self, fault=()):
        """The scenario once. fault: role, call, number and what happens, or nothing for a list."""
        self.prepare()
        self.start_helper()
        user = ["-u", str(self.scenario.user)] if self.scenario.user else []
        for words in self.scenario.before:
            status, errors = self.call(self.runtime(words), "before")
            if status != 0:
                raise RuntimeError("%s: %s" % (words, read_file(errors)))
        while scenarios.KILL in self.scenario.before and reap([self.helper.pid] if self.helper else []):
            time.sleep(0.001)  # the container's end
        words = [self.build + "/tests/helpers/fault-tracer", *user]
        if fault:
            words += ["-f", *map(str, fault)]
        words += [self.folder + "/report", *self.runtime(self.scenario.command)]
        status, errors = self.call(words, "run", env={
            "PATH": os.environ["PATH"], "FAULT_TRACER_LIMIT_MS": str(LIMIT_S * 1000)})
        if status == 0:
            for words in self.scenario.after:
                status = status or self.call(self.runtime(words), "run")[0]
            self.await_output()
        report = [line.split("\t") for line in read_file(self.folder + "/report").splitlines()]
        return Result(status, self.output(), read_file(errors), report)

    def output(self):
        return read_file(self.folder + "/out").replace("\r", "")

    def await_output(self):
        """Of a container or a helper that goes on by itself."""
        end = time.monotonic() + GRACE_S
        wanted = self.scenario.output
        while wanted and wanted not in self.output() and time.monotonic() < end:
            time.sleep(0.005)

    def clean_up(self):
        """Delete the container; return what is left all the same, a text each."""
        status, errors = self.call(self.runtime(["delete", "--force", "ID"]), "delete")
        found = [] if status == 0 else ["delete --force: " + read_file(errors)]
        end = time.monotonic() + GRACE_S
        helper = [self.helper.pid] if self.helper else []
        living = reap(helper)
        while living and time.monotonic() < end:
            time.sleep(0.005)
            living = reap(helper)
        for pid in living:
            found.append("process: " + read_file("/proc/%d/cmdline" % pid).replace("\0", " "))
            os.kill(pid, signal.SIGKILL)
        self.stop_helper()
        return found + self.leftovers()

    @staticmethod
    def remove_cgroup(path):
        try:
            os.rmdir(path)
        except OSError as error:
            print("# rmdir %s: %s" % (path, error))

    def leftovers(self):
        found = ["state: " + name for name in os.listdir(self.state)]
        found += ["mount: " + line.split()[4] for line in open("/proc/self/mountinfo")
                  if self.folder in line]
        for root in self.cgroup_roots:
            if os.path.isdir(root + "/" + self.id):
                found.append("cgroup: %s/%s" % (root, self.id))
                self.remove_cgroup(root + "/" + self.id)
        known = {"config.json", "rootfs", "source", "state", "report", "socket", "out",
                 "before.err", "run.err", "delete.err", "helper.err"}
        found += ["file: " + name for name in os.listdir(self.folder) if name not in known]
        found += ["file: /run/" + name for name in os.listdir("/run")
                  if "/run/" + name != CACHE]
        return found
