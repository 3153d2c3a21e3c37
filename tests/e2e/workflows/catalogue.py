"""All workflows by name, in the order in which they are listed for people."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.e2e.workflows import browsers, files, office, senses
from tests.e2e.workflows.stage import Stage

Workflow = Callable[[Stage], None]
"""Sets its stage, has the assistant do it, and asserts what came of it outside the window."""

WORKFLOWS: Mapping[str, Workflow] = {
    "sheet-total-to-editor": office.total_of_a_sheet,
    "contact-to-chromium": browsers.contact_into_chromium,
    "calculator-to-document": office.result_into_a_document,
    "rename-in-file-manager": files.renamed_in_the_file_manager,
    "terminal-to-file": files.read_from_a_terminal,
    "web-table-to-sheet": browsers.table_into_a_sheet,
    "spoken-sum": senses.sum_asked_for_aloud,
    "contact-to-firefox": browsers.contact_into_firefox,
    "edit-in-editor": files.edited_in_the_editor,
    "one-of-two-monitors": senses.question_about_one_monitor,
    "save-that-is-disabled": files.told_that_it_was_not_saved,
    "field-that-is-locked": browsers.field_that_cannot_be_changed,
}
