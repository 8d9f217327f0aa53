# SPDX-License-Identifier: Apache-2.0
"""Bundles: a root file system of busybox, and configurations made of the one that `spec` gives."""
import copy
import json
import os
import re
import shutil
import subprocess

MOUNTS_MAX = 1000
HOST_IDS = 100000

# What Docker's documentation lists as blocked without capabilities.
BLOCKED = set("""acct add_key bpf clock_adjtime clock_settime create_module delete_module
    finit_module get_kernel_syms get_mempolicy init_module ioperm iopl kcmp kexec_file_load kexec_load keyctl
    lookup_dcookie mbind mount move_mount move_pages name_to_handle_at nfsservctl open_by_handle_at
    perf_event_open pivot_root process_vm_readv process_vm_writev query_module quotactl reboot
    request_key set_mempolicy setns settimeofday stime swapoff swapon sysfs _sysctl umount umount2
    unshare uselib userfaultfd ustat vm86 vm86old clone3 personality clone""".split())


class Bundle:
    """A folder with config.json; all bundles share one root file system."""

    def __init__(self, folder, config):
        self.folder = folder
        self.config = config

    def write(self):
        """Make the folder; gives its path."""
        os.makedirs(self.folder, exist_ok=True)
        with open(f"{self.folder}/config.json", "w", encoding="utf-8") as file:
            json.dump(self.config, file)
        return self.folder


def make_rootfs(path):
    """A busybox with what the scenarios run, and the targets of their mounts."""
    busybox = shutil.which("busybox")
    if not busybox:
        raise SystemExit("bench/run: needs a static busybox (package busybox-static)")
    for folder in ("bin", "dev", "etc", "proc", "sys", "srv", "mask", "tmp"):
        os.makedirs(f"{path}/{folder}")
    shutil.copy(busybox, f"{path}/bin/busybox")
    for name in ("true", "sleep", "sh"):
        os.symlink("busybox", f"{path}/bin/{name}")
    for i in range(MOUNTS_MAX):
        os.mkdir(f"{path}/srv/{i}")
        with open(f"{path}/mask/{i}", "w", encoding="ascii"):
            pass


def default_config(parent, folder, rootfs):
    """What `runtime-parent spec` gives, running /bin/true without a terminal."""
    os.makedirs(folder)
    subprocess.run([parent, "spec"], cwd=folder, check=True)
    with open(f"{folder}/config.json", encoding="utf-8") as file:
        config = json.load(file)
    config["ociVersion"] = "1.0.2"  # older runtimes refuse what they do not know
    config["process"]["terminal"] = False
    config["process"]["args"] = ["/bin/true"]
    config["root"]["path"] = rootfs
    return config


def bind_mounts(config, count, mapped=False):
    """COUNT bind mounts of a folder of the host, id-mapped if asked for."""
    for i in range(count):
        mount = {"destination": f"/srv/{i}", "type": "bind", "source": "/etc",
                 "options": ["bind"]}
        if mapped:
            ids = [{"containerID": 0, "hostID": HOST_IDS, "size": 65536}]
            mount |= {"uidMappings": ids, "gidMappings": ids}
            mount["options"] = ["bind", "idmap"]
        config["mounts"].append(mount)


def masked_paths(config, count):
    """COUNT more masked paths."""
    config["linux"]["maskedPaths"] += [f"/mask/{i}" for i in range(count)]


def user_namespace(config, lines):
    """A user namespace with a mapping of so many lines, which the kernel takes in one page only."""
    first, size = (HOST_IDS, 65536) if lines == 1 else (1000, 1)
    ids = [{"containerID": i, "hostID": first + i, "size": size} for i in range(lines)]
    config["linux"]["namespaces"].append({"type": "user"})
    config["linux"] |= {"uidMappings": ids, "gidMappings": ids}
    # A terminal group that a short map does not have.
    for mount in config["mounts"]:
        mount["options"] = [o for o in mount.get("options", []) if not o.startswith("gid=")]


def seccomp_profile(config):
    """A profile of the size and kind of Docker's default."""
    names = set()
    for folder in ("/usr/include/x86_64-linux-gnu/asm", "/usr/include/asm",
                   "/usr/include/asm-generic"):
        for file in ("unistd_64.h", "unistd_32.h", "unistd.h"):
            try:
                with open(f"{folder}/{file}", encoding="ascii") as header:
                    names |= set(re.findall(r"#define __NR3?2?_?(\w+)", header.read()))
            except OSError:
                continue
    if not names:
        raise SystemExit("bench/run: needs the kernel's headers (package linux-libc-dev)")
    allow = "SCMP_ACT_ALLOW"
    same = [{"names": ["personality"], "action": allow,
             "args": [{"index": 0, "value": value, "op": "SCMP_CMP_EQ"}]}
            for value in (0, 8, 0x20000, 0x20008, 0xffffffff)]
    no_namespaces = {"index": 0, "value": 0x7e020000, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}
    masked = {"names": ["clone"], "action": allow, "args": [no_namespaces]}
    config["linux"]["seccomp"] = {
        "defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 1,
        "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
        "syscalls": [{"names": sorted(names - BLOCKED), "action": allow}, *same, masked,
                     {"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38}],
    }


def changed(config, change, *args):
    """A copy of a configuration after CHANGE(copy, ARGS...)."""
    result = copy.deepcopy(config)
    if change:
        change(result, *args)
    return result
