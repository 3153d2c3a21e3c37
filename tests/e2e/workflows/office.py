"""Office: the calculator, sheets and documents."""

from __future__ import annotations

from tests.e2e.workflows.documents import Formula, text_of_odt, write_sheet
from tests.e2e.workflows.policy import Policy, call, first, plan
from tests.e2e.workflows.stage import Stage

SALES = (("item", "price"), ("bread", 348), ("milk", 122), ("coffee", 916))
TOTAL = 348 + 122 + 916


def total_of_a_sheet(stage: Stage) -> None:
    """The total of an open sheet, which only its formula knows, goes into a file of the editor's."""
    sheet = stage.workspace / "sales.ods"
    write_sheet(sheet, (*SALES, ("total", Formula("=SUM([.B2:.B4])", TOTAL))))
    stage.opens(path=sheet)

    def policy(asked: str) -> Policy:
        seen = yield call("look")
        total = first(r'"total"[^"\n]* "(\d+)"', seen)
        yield plan(("open_app", "Mousepad"), ("type_text", total), ("save_as", "total.txt"))
        yield call("open_app", name="Mousepad")
        yield call("type_text", text=total)
        yield call("save_as", path="total.txt")
        return f"The total is {total}; it is in total.txt."

    told = stage.asks("Put the total of this sheet into total.txt with the text editor", policy)
    told.ended("confirmed").approved_once()
    assert (stage.workspace / "total.txt").read_text().strip() == str(TOTAL)


def result_into_a_document(stage: Stage) -> None:
    """A sum is worked out in the calculator and its result written into a new document."""

    def policy(asked: str) -> Policy:
        yield plan(
            ("open_app", "Calculator"),
            ("type_text", "12.5*8"),
            ("open_app", "LibreOffice Writer"),
            ("type_text", "the result"),
            ("save_as", "result.odt"),
        )
        yield call("open_app", name="Calculator")
        yield call("type_text", text="12.5*8")
        yield call("press_keys", keys="enter")
        seen = yield call("look")
        result = first(r'text "[^"]*" = "([\d.]+)"', seen)
        yield call("open_app", name="LibreOffice Writer")
        yield call("type_text", text=f"12.5 × 8 is {result}")
        yield call("save_as", path="result.odt")
        return f"The result is {result}; it stands in result.odt."

    told = stage.asks("Work out 12.5 times 8 in the calculator and write the result into result.odt", policy)
    told.ended("confirmed").approved_once()
    assert text_of_odt(stage.workspace / "result.odt") == "12.5 × 8 is 100"
