"""All workflows by name, in the order in which they are listed for people."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.e2e.workflows import browsers, files, office, senses
from tests.e2e.workflows.stage import Stage


@dataclass(frozen=True, slots=True)
class Workflow:
    """``do`` sets its stage, has the assistant do it, and asserts what came of it outside the window. ``programs`` are
    those of other people's that ./dev test brings where the system has them."""

    do: Callable[[Stage], None]
    programs: tuple[str, ...] = ()

    @property
    def missing(self) -> tuple[str, ...]:
        return tuple(program for program in self.programs if shutil.which(program) is None)


WORKFLOWS: Mapping[str, Workflow] = {
    "sheet-total-to-editor": Workflow(office.total_of_a_sheet, ("localc",)),
    "contact-to-chromium": Workflow(browsers.contact_into_chromium, ("chromium",)),
    "calculator-to-document": Workflow(office.result_into_a_document, ("gnome-calculator", "lowriter")),
    "rename-in-file-manager": Workflow(files.renamed_in_the_file_manager, ("thunar",)),
    "terminal-to-file": Workflow(files.read_from_a_terminal),
    "web-table-to-sheet": Workflow(browsers.table_into_a_sheet, ("chromium", "localc")),
    "spoken-sum": Workflow(senses.sum_asked_for_aloud, ("gnome-calculator",)),
    "contact-to-firefox": Workflow(browsers.contact_into_firefox, ("firefox-esr",)),
    "edit-in-editor": Workflow(files.edited_in_the_editor),
    "one-of-two-monitors": Workflow(senses.question_about_one_monitor, ("gnome-calculator",)),
    "save-that-is-disabled": Workflow(files.told_that_it_was_not_saved),
    "field-that-is-locked": Workflow(browsers.field_that_cannot_be_changed, ("firefox-esr",)),
}
