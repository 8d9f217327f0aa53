# SPDX-License-Identifier: Apache-2.0
"""The starts, and the other commands of a runtime, that the campaign goes through.

A scenario changes the configuration that `spec` gives, runs commands to get somewhere, and has one command
whose system calls are of interest. ID stands for the container's, BOX for the folder of the bundle.
"""
import dataclasses

SHOW_FDS = ["ls", "/proc/self/fd"]
# What it prints where nothing leaks: the three streams, and the directory that it reads.
ONLY_STREAMS = "0\n1\n2\n3\n"
SLEEP = ["sleep", "1000"]
MAPS = [{"containerID": 0, "hostID": 100000, "size": 65536}]
USER = 4242  # of the rootless container

CREATE = ["create", "--bundle", "BOX", "ID"]
DETACHED = ["run", "--detach", "--bundle", "BOX", "ID"]
START = ["start", "ID"]
KILL = ["kill", "ID", "KILL"]


@dataclasses.dataclass
class Scenario:
    name: str
    command: list  # the one that is traced
    configure: object = None  # a function that changes the configuration
    before: list = ()  # commands that come first
    after: list = ()  # commands that show whether it did what it should
    output: str = ONLY_STREAMS  # of all commands but those before; None: is not looked at
    args: list = dataclasses.field(default_factory=lambda: SHOW_FDS)
    helper: list = ()  # a program beside it: the console's receiver, the seccomp agent
    user: int = 0
    owner: int = 0  # of the root file system
    namespaces: bool = False  # needs some that can be joined


def run(name, configure=None, **more):
    return Scenario(name, ["run", "--bundle", "BOX", "ID"], configure, **more)


def live(name, command, **more):
    """A command on a container that runs."""
    return Scenario(name, command, **{
        "output": None, "before": [DETACHED], "args": SLEEP, **more})


def mount(config, destination, kind, source, *options, **more):
    config["mounts"].append({"destination": destination, "type": kind, "source": source,
                             "options": list(options), **more})


def use_limits(config, box):
    config["linux"]["resources"] = {
        "devices": [{"allow": False, "access": "rwm"}],
        "memory": {"limit": 64 << 20}, "pids": {"limit": 100},
        "cpu": {"shares": 512, "quota": 50000, "period": 100000},
    }
    config["process"]["rlimits"] = [{"type": "RLIMIT_NOFILE", "hard": 256, "soft": 256}]
    config["process"]["user"] = {"uid": 1000, "gid": 1000, "additionalGids": [5]}
    config["process"]["oomScoreAdj"] = 100
    config["linux"]["sysctl"] = {"net.ipv4.ip_forward": "1"}


def use_user_namespace(config, box):
    config["linux"]["namespaces"].append({"type": "user"})
    config["linux"]["uidMappings"] = config["linux"]["gidMappings"] = MAPS


def use_idmapped_mount(config, box):
    mount(config, "/mnt", "none", box + "/source", "bind", uidMappings=MAPS, gidMappings=MAPS)


def use_binds(config, box):
    mount(config, "/mnt", "none", box + "/source", "rbind", "ro", "rslave")
    mount(config, "/new/file", "none", box + "/source/file", "bind", "nosuid")
    mount(config, "/etc", "tmpfs", "tmpfs", "tmpcopyup", "rro")
    config["linux"]["maskedPaths"] = ["/proc/timer_list", "/mnt/masked", "/proc/acpi"]
    config["linux"]["readonlyPaths"] = ["/mnt/file", "/tmp"]
    config["linux"]["devices"] = [
        {"path": "/dev/fuse", "type": "c", "major": 10, "minor": 229, "fileMode": 438}]


def use_source_in_user_namespace(config, box):
    use_user_namespace(config, box)
    mount(config, "/mnt", "none", box + "/source", "rbind", "ro")


def use_hooks(config, box):
    hook = [{"path": "/bin/true"}]
    config["hooks"] = {kind: hook for kind in (
        "prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop")}


def use_seccomp(config, box):
    config["linux"]["seccomp"] = {
        "defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"],
        "syscalls": [{"names": ["acct", "kexec_load"], "action": "SCMP_ACT_ERRNO"}]}


def use_privileged_seccomp(config, box):
    use_seccomp(config, box)
    config["process"]["noNewPrivileges"] = False


def use_seccomp_and_hooks(config, box):
    use_seccomp(config, box)
    use_hooks(config, box)


def use_agent(config, box):
    use_seccomp(config, box)
    config["linux"]["seccomp"]["listenerPath"] = box + "/socket"
    config["linux"]["seccomp"]["syscalls"] = [{"names": ["acct"], "action": "SCMP_ACT_NOTIFY"}]


def use_console(config, box):
    config["process"]["terminal"] = True


def join_namespaces(config, box, holder):
    spaces = {"network": "net", "ipc": "ipc", "uts": "uts"}
    for space in config["linux"]["namespaces"]:
        if space["type"] in spaces:
            space["path"] = "/proc/%d/ns/%s" % (holder, spaces[space["type"]])


def join_user_namespace(config, box, holder):
    join_namespaces(config, box, holder)
    config["linux"]["namespaces"].append({"type": "user", "path": "/proc/%d/ns/user" % holder})


CONSOLE = ["receive-fd", "console", "BOX/socket"]
AGENT = ["seccomp-agent", "BOX/socket"]
TO_CONSOLE = ["--console-socket", "BOX/socket"]

SCENARIOS = [
    run("run"),
    Scenario("debug", ["--debug", "run", "--bundle", "BOX", "ID"]),
    Scenario("no-pivot", ["run", "--no-pivot", "--bundle", "BOX", "ID"]),
    Scenario("create", CREATE, after=[START]),
    Scenario("start", START, before=[CREATE]),
    live("delete-force", ["delete", "--force", "ID"]),
    Scenario("delete", ["delete", "ID"], before=[DETACHED, KILL], args=SLEEP, output=None),
    live("exec", ["exec", "ID", *SHOW_FDS], output=ONLY_STREAMS),
    run("limits", use_limits),
    run("bind", use_binds),
    run("user-namespace", use_user_namespace, owner=100000),
    run("source-in-user-namespace", use_source_in_user_namespace, owner=100000),
    run("idmapped-mount", use_idmapped_mount),
    run("hooks", use_hooks),
    run("seccomp", use_seccomp),
    run("seccomp-privileged", use_privileged_seccomp),
    run("seccomp-compiled", use_seccomp, before=[CREATE, ["delete", "--force", "ID"]]),
    run("seccomp-hooks", use_seccomp_and_hooks),
    run("seccomp-agent", use_agent, helper=AGENT),
    Scenario("console", ["run", "--detach", *TO_CONSOLE, "--bundle", "BOX", "ID"], use_console,
             helper=CONSOLE, args=["sh", "-c", "echo fine"], output="fine\n"),
    live("exec-console", ["exec", "--tty", "--detach", *TO_CONSOLE, "ID", "sh", "-c", "echo fine"],
         helper=CONSOLE, output="fine\n"),
    run("join-namespaces", join_namespaces, namespaces=True),
    run("join-user-namespace", join_user_namespace, namespaces=True, owner=100000),
    run("rootless", user=USER, owner=USER),
    live("kill", KILL),
    live("state", ["state", "ID"]),
    live("list", ["list"]),
    live("ps", ["ps", "ID"]),
    live("pause", ["pause", "ID"], after=[["resume", "ID"]]),
    live("resume", ["resume", "ID"], before=[DETACHED, ["pause", "ID"]]),
]
