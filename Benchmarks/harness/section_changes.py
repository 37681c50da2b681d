"""What choosing and changing items on the way takes, beside the same import without it."""

from .results import Row, Section
from .section_files import Exports
from .server import serving
from .setting import say

ABOUT = (
    "CPU of the client for an item of `transactions` that is imported from files that are not "
    "compressed, so that nobody else judges or changes items; the best run counts. `more` is "
    "beside the plain import. `cat` is counted with the client.")
SECRET = "a secret of the benchmarks"


def run(setting):
    items, rows = setting.items, []
    secret = setting.folder / "secret"
    secret.write_text(SECRET)
    cases = [
        ("--where on one attribute", "where", ["--where", "currency <> 'none'"]),
        ("--set with two hashes, and one --remove", "set", [
            "--set", "reference = hash(reference), createdAt = hash(createdAt)",
            "--remove", "note", "--secret-file", str(secret)]),
        ("--through cat", "through", ["--through", "cat"]),
    ]
    with serving(setting.dynaferry, [f"source={items}:transactions"]) as server:
        here = Exports(setting, server)
        here.clear()
        here.copy("source", here.out, "--compression", "none", "--read-units", "100000000")
        plain = None
        for name, target, options in [("plain", None, []), *cases]:
            usage = here.best(
                setting.runs, lambda: here.drop("target"), here.out, "target", *options)
            each = usage.cpu_seconds / items * 1e6
            plain = plain or each
            columns = {
                "CPU us/item": round(each, 2), "more": round(each - plain, 2),
                "peak MiB": round(usage.peak_bytes / 2**20, 1)}
            rows.append(Row(name, columns, checks={target: each - plain} if target else {}))
            say(f"  {name}: {columns}")
        here.clear()
    return Section("changes", ABOUT, rows)
