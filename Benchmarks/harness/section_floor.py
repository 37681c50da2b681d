"""What the transport costs by itself, beside dynaferry, on one server."""

from . import clients
from .results import Row, Section
from .server import certificate, serving
from .setting import say

ABOUT = (
    "The same requests by the floor program, which checks and signs nothing and cuts items by a "
    "fixed pattern: over plain sockets, and by libcurl's socket interface and epoll. The "
    "best run by CPU counts.")
SHAPES = (("transactions", None), ("100B", 1_000_000), ("4KB", 50_000))


def run(setting):
    ours = clients.dynaferry(setting.dynaferry)
    sockets = clients.Client("floor, sockets", (setting.floor,))
    libcurl = clients.Client("floor, libcurl", (setting.floor, "--libcurl"))
    rows = []
    for shape, count in SHAPES:
        items = setting.items if count is None else setting.scaled(count)
        with serving(setting.dynaferry, [f"source={items}:{shape}"]) as server:
            rows += _side_by_side(setting, server, shape, items, [sockets, libcurl, ours])
    pair = certificate(setting.folder)
    fill = f"source={setting.items}:transactions"
    with serving(setting.dynaferry, [fill], tls=pair) as server:
        rows += _side_by_side(
            setting, server, "transactions, TLS", setting.items, [libcurl, ours],
            ("--ca-bundle", pair[0]))
    return Section("floor", ABOUT, rows)


def _side_by_side(setting, server, table, items, order, options=()):
    """Each client's best copy; the first client's is what the others are compared with."""
    copies = {client.name: [] for client in order}
    for _ in range(setting.runs):
        for client in order:
            if client.name != "dynaferry":
                server.create_like("source", clients.name_of_copy("source"))
            copies[client.name].append(clients.copied(client, server, "source", items, options))
    best = {name: min(found, key=lambda copy: copy.cpu_us) for name, found in copies.items()}
    least = best[order[0].name].cpu_us
    rows = []
    for name, copy in best.items():
        columns = {"items": items} | copy.columns()
        rows.append(Row(
            f"{table}: {name}", columns | {f"times {order[0].name}": round(copy.cpu_us / least, 2)},
            is_sane=not any(found.differences for found in copies[name]),
            runs=[found.columns() for found in copies[name]]))
        say(f"  {rows[-1].name}: {rows[-1].columns}")
    return rows
