"""dynaferry and other clients, in turn, on one server."""

from . import clients
from .results import Row, Section
from .server import serving
from .setting import say

ABOUT = (
    "Every client copies the same table on one server, in turn. The best run by CPU counts; "
    "slow clients run once. CPU is user and system time of the client with its children.")
# Whoever needs longer than this for a copy is not asked to do it again.
SLOW_SECONDS = 30


def run(setting):
    ours = clients.dynaferry(setting.dynaferry)
    order = [ours, *clients.peers(setting.python, setting.go)]
    copies = {client.name: [] for client in order}
    with serving(setting.dynaferry, [f"source={setting.items}:transactions"]) as server:
        for _ in range(setting.runs):
            for client in order:
                done = copies[client.name]
                if done and done[0].usage.wall_seconds > SLOW_SECONDS:
                    continue
                copy = clients.copied(client, server, "source", setting.items)
                done.append(copy)
                say(f"  {client.name}: {copy.columns()}")
    best = min(copy.cpu_us for copy in copies[ours.name])
    return Section("peers", ABOUT, [_row(client, copies[client.name], best) for client in order])


def _row(client, copies, ours):
    best = min(copies, key=lambda copy: copy.cpu_us)
    ratio = best.cpu_us / ours
    return Row(
        client.name, best.columns() | {"times dynaferry's CPU": round(ratio, 1)},
        checks={client.target: ratio} if client.target else {},
        # A peer that is not exact is shown so; dynaferry has to be.
        is_sane=client.name != "dynaferry" or not any(copy.differences for copy in copies),
        runs=[copy.columns() for copy in copies])
