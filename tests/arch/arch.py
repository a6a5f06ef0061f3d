#!/usr/bin/env python3
"""The house: who may include whom, who alone includes a library, and what no file may call. Exit 1 with a line each."""
import pathlib
import re
import sys

ROOT = pathlib.Path(sys.argv[1])
# A room and the rooms below it that it may include; a room may always include itself.
ROOMS = {
    "lib/base": [],
    "lib/sys": ["lib/base"],
    "lib/http": ["lib/base"],
    "lib/fetch": ["lib/base", "lib/sys"],
    "lib/fleet": ["lib/base"],
    "lib/bus": ["lib/base", "lib/sys"],
    "agent/plan": ["lib/base", "lib/fleet"],
    "agent/host": ["lib/base", "lib/sys", "lib/http", "lib/fetch"],
    "agent": ["lib/base", "lib/sys", "lib/http", "lib/fleet", "lib/bus", "agent/plan", "agent/host"],
    "cmd/stream-agent": ["lib/base", "lib/sys", "agent"],
    "cmd/streamctl": ["lib/base", "lib/sys", "lib/http", "lib/fetch", "lib/fleet", "lib/bus"],
    "server/stream": ["lib/base"],
    "server/conf": ["lib/base"],
    "server/net": ["lib/base", "lib/sys", "lib/http", "server/stream", "server/conf"],
    "server/admin": ["lib/base", "lib/sys", "lib/http", "server/conf", "server/net"],
    "server/process": ["lib/base", "lib/sys", "lib/http", "server/stream", "server/conf", "server/net", "server/admin"],
    "cmd/streamd": ["lib/base", "lib/sys", "server/process", "server/conf"],
}
# A library's headers and the rooms that alone include them.
LIBRARIES = {
    r"libxml/": ["server/conf"], r"ogg/": ["server/stream"], r"openssl/": ["server/process", "lib/fleet"], r"curl/": ["lib/fetch"],
    r"MQTT": ["lib/bus"], r"cjson/": ["server/admin", "lib/fleet"],
}
BANNED = re.compile(r"\b(strcpy|strcat|sprintf|vsprintf|gets|strtok|system|popen|atof|alloca)\s*\(")

failures = []


def room_of(path):
    parts = pathlib.PurePosixPath(path).parts
    return "/".join(parts[:2]) if len(parts) > 2 else parts[0]  # agent/agent.h lies in the room "agent"


def check(path):
    name = path.relative_to(ROOT).as_posix()
    room = room_of(name)
    if room not in ROOMS:
        failures.append(f"{name}: its room {room} is not in the table of tests/arch/arch.py")
        return
    for number, line in enumerate(path.read_text().splitlines(), 1):
        own = re.match(r'\s*#include "([^"]+)"', line)
        other = re.match(r"\s*#include <([^>]+)>", line)
        if own:
            target = room_of(own.group(1))
            if not (ROOT / own.group(1)).is_file():
                failures.append(f"{name}:{number}: {own.group(1)} is not rooted at the checkout")
            elif target != room and target not in ROOMS[room]:
                failures.append(f"{name}:{number}: {room} may not include {target}")
        for prefix, allowed in LIBRARIES.items():
            if other and re.match(prefix, other.group(1)) and room not in allowed:
                failures.append(f"{name}:{number}: only {', '.join(allowed)} may include <{other.group(1)}>")
        found = BANNED.search(line)
        if found:
            failures.append(f"{name}:{number}: {found.group(1)} is not used here")


def check_cycles():
    done = set()

    def visit(room, path):
        if room in path:
            failures.append("a cycle: " + " -> ".join([*path, room]))
        elif room not in done:
            for below in ROOMS[room]:
                visit(below, [*path, room])
            done.add(room)

    for room in ROOMS:
        visit(room, [])


files = [f for top in ("lib", "server", "cmd", "agent") for f in sorted((ROOT / top).rglob("*.[ch]"))]
for file in files:
    check(file)
check_cycles()
commands = pathlib.Path(sys.argv[2]).read_text()
if "-DNDEBUG" in commands:
    failures.append("assertions are off: -DNDEBUG is among the compiler's flags")
if len(files) < 20:
    failures.append(f"only {len(files)} files were seen: is {ROOT} the checkout?")
print("\n".join(failures) or f"{len(files)} files keep the house's rules")
sys.exit(1 if failures else 0)
