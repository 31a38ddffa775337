#!/usr/bin/env python3
"""Reads the dashboard with Grafana's own types (grafana-foundation-sdk) and compares what comes back: a field that is
misspelt or misplaced is lost on the way. Run by ci/prometheus in an environment that has the package."""

import json
import sys

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

# Fields that Grafana has beside its types: those of Prometheus's annotations, and a copy of a variable's query.
UNTYPED = {"builtIn", "titleFormat", "textFormat", "step", "definition"}


def lost(before, after, path):
    if isinstance(before, dict):
        for name, value in before.items():
            if isinstance(after, dict) and name in after:
                yield from lost(value, after[name], f"{path}.{name}")
            elif name not in UNTYPED:
                yield f"{path}.{name}"
    elif isinstance(before, list):
        if not isinstance(after, list) or len(before) != len(after):
            yield path
        else:
            for at, pair in enumerate(zip(before, after)):
                yield from lost(*pair, f"{path}[{at}]")
    elif before != after:
        yield f"{path}: {before!r} became {after!r}"


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        before = json.load(file)
    register_default_plugins()
    dashboard = Dashboard.from_json(before)
    after = json.loads(JSONEncoder().encode(dashboard))
    losses = list(lost(before, after, ""))
    for path in losses:
        print(f"Grafana's types do not know {path}", file=sys.stderr)
    print(f"dashboard: {len(dashboard.panels)} panels read with Grafana's types")
    return 1 if losses else 0


if __name__ == "__main__":
    sys.exit(main())
