"""docker-seccomp.py PROFILE COMMAND...: runs a command as Docker would: its seccomp profile, its capabilities, no_new_privs.

PROFILE is Docker's own default.json. Needs libseccomp's Python module (Debian: python3-seccomp).
"""

import ctypes
import errno
import json
import os
import sys

import seccomp

# What a container has unless told otherwise.
CAPABILITIES = ["CHOWN", "DAC_OVERRIDE", "FSETID", "FOWNER", "MKNOD", "NET_RAW", "SETGID", "SETUID", "SETFCAP", "SETPCAP",
                "NET_BIND_SERVICE", "SYS_CHROOT", "KILL", "AUDIT_WRITE"]
NUMBERS = {"CHOWN": 0, "DAC_OVERRIDE": 1, "FOWNER": 3, "FSETID": 4, "KILL": 5, "SETGID": 6, "SETUID": 7, "SETPCAP": 8,
           "NET_BIND_SERVICE": 10, "NET_RAW": 13, "SYS_CHROOT": 18, "MKNOD": 27, "AUDIT_WRITE": 29, "SETFCAP": 31}
PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 24, 38

OPERATORS = {"SCMP_CMP_EQ": seccomp.EQ, "SCMP_CMP_NE": seccomp.NE, "SCMP_CMP_LT": seccomp.LT, "SCMP_CMP_LE": seccomp.LE,
             "SCMP_CMP_GT": seccomp.GT, "SCMP_CMP_GE": seccomp.GE, "SCMP_CMP_MASKED_EQ": seccomp.MASKED_EQ}


def applies(rule):
    """Whether a rule is one for this machine and these capabilities."""
    includes, excludes = rule.get("includes") or {}, rule.get("excludes") or {}
    owned = {f"CAP_{name}" for name in CAPABILITIES}
    kernel = tuple(int(part) for part in os.uname().release.split("-")[0].split(".")[:2])
    least = tuple(int(part) for part in includes.get("minKernel", "0.0").split("."))
    return (set(includes.get("caps") or []) <= owned and not set(excludes.get("caps") or []) & owned
            and ("amd64" in (includes.get("arches") or ["amd64"])) and "amd64" not in (excludes.get("arches") or [])
            and kernel >= least)


def condition(argument):
    operator = OPERATORS[argument["op"]]
    if operator == seccomp.MASKED_EQ:
        return seccomp.Arg(argument["index"], operator, argument["value"], argument.get("valueTwo", 0))
    return seccomp.Arg(argument["index"], operator, argument["value"])


def load(profile):
    filters = seccomp.SyscallFilter(seccomp.ERRNO(profile.get("defaultErrnoRet", errno.EPERM)))
    rules = 0
    for rule in filter(applies, profile["syscalls"]):
        # clone3 is answered ENOSYS, so that C libraries use clone, whose flags can be looked at.
        action = seccomp.ALLOW if rule["action"] == "SCMP_ACT_ALLOW" else seccomp.ERRNO(rule.get("errnoRet", errno.EPERM))
        for name in rule.get("names") or [rule["name"]]:
            try:
                filters.add_rule(action, name, *[condition(argument) for argument in rule.get("args") or []])
                rules += 1
            except (RuntimeError, OSError):
                pass  # A call that this libseccomp or this machine does not have.
    filters.load()
    return rules


def main(profile, command):
    libc = ctypes.CDLL(None, use_errno=True)
    for number in set(range(41)) - {NUMBERS[name] for name in CAPABILITIES}:
        libc.prctl(PR_CAPBSET_DROP, number, 0, 0, 0)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "no_new_privs")
    with open(profile, encoding="utf8") as file:
        if load(json.load(file)) < 300:
            raise SystemExit(f"{profile}: not Docker's default profile")
    os.execvp(command[0], command)


main(sys.argv[1], sys.argv[2:])
