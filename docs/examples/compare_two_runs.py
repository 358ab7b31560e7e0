"""What another method or setting changed: ``python docs/examples/compare_two_runs.py runs/first runs/second``."""

from __future__ import annotations

import sys

import evenweave

found = evenweave.compare_runs(sys.argv[1], sys.argv[2])
for setting in found.settings:
    print(f"{setting.name}: {setting.first} → {setting.second}")

overlap = found.total_overlap()
print(f"{overlap.both:,} images were chosen by both, {overlap.only_first:,} and {overlap.only_second:,} by one alone")

for row in found.moved().slice(0, 5).to_pylist():
    print(f"{row['name']}: {row['count_after_first']} → {row['count_after_second']} images")
