#!/usr/bin/env python3
"""Say kindly, before anything starts, that a port cannot be had: free_port.py 8000"""

import errno
import os
import re
import socket
import sys


def holder(port):
    """The program that listens there, if this user may know."""
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            with open(table) as lines:
                rows = [line.split() for line in lines][1:]
        except OSError:
            continue
        # A local address ends in the port in hex; state 0A is LISTEN.
        inodes |= {row[9] for row in rows if int(row[1].rsplit(":", 1)[1], 16) == port and row[3] == "0A"}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            for handle in os.listdir(f"/proc/{pid}/fd"):
                found = re.match(r"socket:\[(\d+)\]", os.readlink(f"/proc/{pid}/fd/{handle}"))
                if found and found.group(1) in inodes:
                    with open(f"/proc/{pid}/cmdline", "rb") as words:
                        command = words.read().replace(b"\0", b" ").decode(errors="replace").strip()
                    return f"process {pid}: {command[:80]}"
        except OSError:
            continue
    return None


def trouble(word):
    if not word.isdigit() or not 1 <= int(word) <= 65535:
        return f"PORT must be a number from 1 to 65535, not {word!r}."
    port = int(word)
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen(1)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                who = holder(port)
                return (
                    f"Port {port} is taken{' by ' + who if who else ''}. "
                    f"Stop that, or take another port: make run PORT={port + 1 if port < 65535 else 8000}"
                )
            return f"Port {port} cannot be used ({error.strerror}). Take another: make run PORT=8000"
    return None


if __name__ == "__main__":
    said = trouble(sys.argv[1] if len(sys.argv) > 1 else "8000")
    if said:
        sys.exit(f"✗ {said}")
