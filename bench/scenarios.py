# SPDX-License-Identifier: Apache-2.0
"""What is measured. Each scenario gives one sample, a dictionary of figures, for a runtime."""
import contextlib
import json
import os
import re
import shutil
import subprocess
import tempfile
import time

import bundles
from runtimes import FLOOR, Runtime

TRUE = "/bin/true"


def floor(build):
    """The program that only makes the system calls of a start."""
    return Runtime(FLOOR, [f"{build}/bench/floor"], programs=(f"{build}/bench/floor",))


class Context:
    """Where things are: the measuring program, the root file system, the default bundle."""

    def __init__(self, build, work):
        self.work = work
        self.meter = f"{build}/bench/measure"
        self.rootfs = f"{work}/rootfs"
        bundles.make_rootfs(self.rootfs)
        self.config = bundles.default_config(f"{build}/runtime-parent", f"{work}/spec",
                                             self.rootfs)
        self.number = 0

    def bundle(self, change=None, *args):
        """The folder of a new bundle."""
        self.number += 1
        config = bundles.changed(self.config, change, *args)
        return bundles.Bundle(f"{self.work}/bundle{self.number}", config).write()

    def container(self):
        """A name that no other container has."""
        self.number += 1
        return f"rti-bench-{os.getpid()}-{self.number}"

    def measure(self, runtime, steps, options=()):
        """One sample of commands that are run one after the other."""
        command = []
        for step in steps:
            command += ([";"] if command else []) + step
        result = subprocess.run([self.meter, *options, *command], env=runtime.environment,
                                cwd=self.work, capture_output=True, text=True, check=False)
        words = result.stdout.split()
        if result.returncode or len(words) < 5 or words[3] != "0":
            words = (result.stderr.strip() or "fails").split("\n")
            return {"failure": "fails", "message": words[-1]}
        return {"wall": float(words[0]), "cpu": float(words[1]), "peak": float(words[2]),
                "steps": [float(word) for word in words[4:]]}


def shown(sample, names=()):
    """A sample without its steps, or with them by name."""
    for name, step in zip(names, sample.pop("steps", [])):
        sample[name] = step
    return sample


class Scenario:
    """The default one: run of /bin/true in a changed default bundle."""

    runs_max = 1000

    def __init__(self, title, change=None, *args, floor_args=None, options=(), runs_max=1000):
        self.title = title
        self.change = change
        self.args = args
        self.floor_args = floor_args
        self.options = options
        self.runs_max = runs_max

    def takes(self, runtime):
        """Whether there is something to measure."""
        return runtime.name != FLOOR or self.floor_args is not None

    def steps(self, context, runtime, bundle):
        """The commands of one sample."""
        name = context.container()
        number = "-{}" if self.options else ""
        if runtime.name == FLOOR:
            return [runtime.call("run", context.rootfs, name + number, TRUE, *self.floor_args)]
        return [runtime.call("run", "--bundle", bundle, name + number)]

    @contextlib.contextmanager
    def prepared(self, context, runtimes):
        """Gives the function that takes one sample."""
        del runtimes
        bundle = context.bundle(self.change, *self.args)
        yield lambda runtime: shown(context.measure(
            runtime, self.steps(context, runtime, bundle), self.options))


class Life(Scenario):
    """create, start and delete apart."""

    def steps(self, context, runtime, bundle):
        name = context.container()
        return [runtime.call("create", "--bundle", bundle, name), runtime.call("start", name),
                runtime.call("delete", name)]

    @contextlib.contextmanager
    def prepared(self, context, runtimes):
        with super().prepared(context, runtimes):
            bundle = context.bundle()
            yield lambda runtime: shown(
                context.measure(runtime, self.steps(context, runtime, bundle)),
                ("create", "start", "delete"))


def call(runtime, context, *args):
    """A call that is not measured; its output counts nothing and its failure everything."""
    subprocess.run(runtime.call(*args), env=runtime.environment, cwd=context.work, check=True,
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def sleep_forever(config):
    """For containers that others look at."""
    config["process"]["args"] = ["/bin/sleep", "100000"]


class Exec(Scenario):
    """exec of /bin/true in a container that runs; with a file, of the process described there."""

    def process_file(self, context):
        """The process with so many environment variables more."""
        process = json.loads(json.dumps(context.config["process"]))
        process["env"] += [f"VARIABLE_{i}=value of it" for i in range(self.args[0])]
        path = f"{context.work}/process.json"
        with open(path, "w", encoding="utf-8") as file:
            json.dump(process, file)
        return path

    @contextlib.contextmanager
    def prepared(self, context, runtimes):
        bundle = context.bundle(sleep_forever)
        names = {runtime.name: context.container() for runtime in runtimes}
        hosts = [runtime for runtime in runtimes if runtime.name != FLOOR]
        for runtime in hosts:
            call(runtime, context, "run", "--detach", "--bundle", bundle, names[runtime.name])
        state = subprocess.run(hosts[0].call("state", names[hosts[0].name]), text=True,
                               env=hosts[0].environment, capture_output=True, check=True)
        pid = str(json.loads(state.stdout)["pid"])
        what = ["--process", self.process_file(context)] if self.args else []

        def measure(runtime):
            name = names[runtime.name]
            if runtime.name == FLOOR:
                return shown(context.measure(runtime, [runtime.call("exec", pid, TRUE)]))
            rest = [name] if what else [name, TRUE]
            return shown(context.measure(runtime, [runtime.call("exec", *what, *rest)]))

        try:
            yield measure
        finally:
            for runtime in hosts:
                call(runtime, context, "delete", "--force", names[runtime.name])


def smaps(pid):
    """Figures of a process's memory in KB."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        found = dict(re.findall(r"^(\w+): +(\d+) kB", file.read(), re.M))
    return {"rss": float(found["Rss"]), "dirty": float(found["Private_Dirty"])}


def cgroup_cpu(pid):
    """What the cgroup of a process has used, in microseconds."""
    with open(f"/proc/{pid}/cgroup", encoding="utf-8") as file:
        lines = [line.rstrip("\n").split(":", 2) for line in file]
    for _, controllers, path in lines:
        if "cpuacct" in controllers.split(","):
            usage = f"/sys/fs/cgroup/{controllers}{path}/cpuacct.usage"
            with open(usage, encoding="ascii") as file:
                return float(file.read()) / 1e3
    with open(f"/sys/fs/cgroup{lines[-1][2]}/cpu.stat", encoding="ascii") as file:
        return float(file.readline().split()[1])


class Created(Scenario):
    """What the init is when the container is created."""

    @contextlib.contextmanager
    def prepared(self, context, runtimes):
        bundle = context.bundle()

        def measure(runtime):
            name = context.container()
            call(runtime, context, "create", "--bundle", bundle, name)
            try:
                state = subprocess.run(runtime.call("state", name), env=runtime.environment,
                                       capture_output=True, text=True, check=True)
                pid = json.loads(state.stdout)["pid"]
                time.sleep(0.02)  # it may still be on its way to the fifo
                return {**smaps(pid), "threads": len(os.listdir(f"/proc/{pid}/task")),
                        "init_cpu": cgroup_cpu(pid)}
            finally:
                call(runtime, context, "delete", "--force", name)

        yield measure


def limit_memory(config, size_kb):
    """As little memory as that."""
    config["linux"]["resources"]["memory"] = {"limit": size_kb * 1024}


class MemoryFloor(Scenario):
    """The least memory limit that three starts of three get through."""

    @contextlib.contextmanager
    def prepared(self, context, runtimes):
        def passes(runtime, size_kb):
            bundle = context.bundle(limit_memory, size_kb)
            for _ in range(3):
                steps = [runtime.call("run", "--bundle", bundle, context.container())]
                if "failure" in context.measure(runtime, steps):
                    return False
            return True

        def measure(runtime):
            fails, works = 0, 32 * 1024
            if not passes(runtime, works):
                return {"failure": "fails"}
            while works - fails > 64:
                middle = (works + fails) // 2 // 4 * 4
                if passes(runtime, middle):
                    works = middle
                else:
                    fails = middle
            return {"limit": works}

        yield measure


class Size(Scenario):
    """The programs on disk, stripped."""

    @contextlib.contextmanager
    def prepared(self, context, runtimes):
        def measure(runtime):
            total = 0
            for program in runtime.programs:
                with tempfile.NamedTemporaryFile(dir=context.work) as copy:
                    shutil.copyfile(program, copy.name)
                    subprocess.run(["strip", copy.name], check=True)
                    total += os.path.getsize(copy.name)
            return {"size": total}

        yield measure


class Calls(Scenario):
    """System calls up to the execution of the program, of the runtime and all its children."""

    def takes(self, runtime):
        return shutil.which("strace") is not None

    @contextlib.contextmanager
    def prepared(self, context, runtimes):
        bundle = context.bundle()

        def measure(runtime):
            trace = f"{context.work}/trace"
            steps = self.steps(context, runtime, bundle)
            result = subprocess.run(["strace", "-f", "-qq", "-s", "16", "-o", trace, *steps[0]],
                                    env=runtime.environment, cwd=context.work, check=False,
                                    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            return {"failure": "fails"} if result.returncode else {"calls": count_calls(trace)}

        yield measure


def count_calls(trace):
    """Calls in a trace, without those of /bin/true itself."""
    count, ended = 0, set()
    with open(trace, encoding="utf-8", errors="replace") as file:
        for line in file:
            pid, what = line.split(None, 1)
            if pid in ended or "resumed>" in what or what.startswith(("---", "+++")):
                continue
            count += 1
            if what.startswith(f'execve("{TRUE}"'):
                ended.add(pid)
    return count


def many(count):
    """Bind mounts and masked paths, as many of each."""
    def change(config):
        bundles.bind_mounts(config, count)
        bundles.masked_paths(config, count)
    return Scenario(f"run with {count} bind mounts and {count} masked paths", change,
                    floor_args=[str(count), str(count)], runs_max=5 if count > 100 else 1000)


ALL = {
    "run": Scenario("run of /bin/true in the default bundle", floor_args=[]),
    "calls": Calls("system calls of the same", floor_args=[], runs_max=1),
    "life": Life("create, start, delete apart"),
    "exec": Exec("exec of /bin/true", floor_args=[]),
    "exec-env": Exec("exec with 5000 environment variables more", None, 5000),
    "seccomp": Scenario("run with a profile like Docker's default", bundles.seccomp_profile),
    "mounts-10": many(10),
    "mounts-100": many(100),
    "mounts-1000": many(1000),
    "idmap": Scenario("run with 10 id-mapped mounts of one mapping", bundles.bind_mounts, 10, True),
    "userns-1": Scenario("run in a user namespace of 1 line", bundles.user_namespace, 1),
    "userns-340": Scenario("run in a user namespace of 340 lines", bundles.user_namespace, 340),
    "parallel": Scenario("100 containers, 4 at once", floor_args=[],
                         options=("-n", "100", "-j", "4"), runs_max=3),
    "created": Created("the init at created"),
    "memory": MemoryFloor("least memory limit", runs_max=1),
    "size": Size("size of the programs, stripped", floor_args=[], runs_max=1),
}
