"""What people look at beside a run: the sheet of an audit, and what a remix changed."""

from __future__ import annotations

from collections.abc import Iterator

from transforms.at_rest import read_versioned_json
from transforms.errors import RunFolderError
from transforms.instruct.auditing.sheet_file import SheetFile, read_sheet
from transforms.run_folder import RunState
from transforms.storage import StoragePath
from transforms.verifying.captions import seen
from transforms.verifying.finding import Finding

AUDIT = "audit"  # the command


def check_audit(state: RunState) -> Iterator[Finding]:
    """The sheet, its page, and the error rates that labels gave: of the run as it is, and with each other."""
    place = state.folder.root / "audit"
    sheet, page, rates = place / "sheet.json", place / "index.html", place / "rates.json"
    if not sheet.exists():
        yield from (
            Finding(one, "is of a sheet that is gone", None, (one,), AUDIT) for one in (page, rates) if one.exists()
        )
        return
    try:
        found = read_sheet(sheet)
    except RunFolderError as error:
        yield Finding(sheet, seen(sheet, error), None, (sheet, page, rates), AUDIT)
        return
    if found.fingerprint != state.folder.fingerprint:
        told = f"is of {found.fingerprint}, and the run has become {state.folder.fingerprint} since"
        yield Finding(sheet, told, None, (sheet, page, rates), AUDIT)
        return
    yield from _check_page(page, found)
    if rates.exists() and (told := _wrong_rates(rates, found)):
        yield Finding(rates, told, None, (rates,), AUDIT)


def _check_page(page: StoragePath, sheet: SheetFile) -> Iterator[Finding]:
    text = page.read_bytes().decode("utf-8", "replace") if page.is_file() else ""
    if missing := sum(f'data-id="{item}"' not in text for item in sheet.items):
        yield Finding(page, f"lacks {missing} of the {len(sheet.items)} that were drawn", None, (page,), AUDIT)


def _wrong_rates(path: StoragePath, sheet: SheetFile) -> str:
    try:
        values = read_versioned_json(path, sheet.fingerprint)
        strata = [(one["population"], one["drawn"]) for one in values["strata"]]
    except RunFolderError as error:
        return seen(path, error)
    except (KeyError, TypeError) as error:
        return f"is not of the shape it should have ({error!r})"
    held = tuple(map(sum, zip((0, 0), *strata, strict=True)))
    wanted = (sum(sheet.population.values()), len(sheet.items))
    return (
        "" if held == wanted else f"counts {held[0]} texts and {held[1]} drawn, the sheet {wanted[0]} and {wanted[1]}"
    )


def check_remix(state: RunState) -> Iterator[Finding]:
    """What changed, where it is told of this run; it cannot be made anew, as the mixture before is gone."""
    path = state.folder.root / "remix" / "changes.json"
    if not path.exists():
        return
    try:
        after = read_versioned_json(path, None).get("after")
    except RunFolderError as error:
        yield Finding(path, seen(path, error), None, (path,))
        return
    if after != state.folder.fingerprint:
        told = f"tells of {after}, and the run has become {state.folder.fingerprint} since"
        yield Finding(path, told, None, (path,))
