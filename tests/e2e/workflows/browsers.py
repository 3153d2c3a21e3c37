"""The web: forms that are filled in from a file, a table that becomes a sheet."""

from __future__ import annotations

import csv
import re

from tests.e2e.workflows.policy import Policy, call, first, plan
from tests.e2e.workflows.site import site
from tests.e2e.workflows.stage import Stage

CONTACT = {"name": "Zoë Ångström", "email": "zoe@example.org", "phone": "+46 8 123 456"}
FORM = """<title>New contact</title><h1>New contact</h1>
<form method="post" action="/contacts">
  <p><label>Name <input name="name"></label>
  <p><label>E-mail <input name="email"></label>
  <p><label>Phone <input name="phone"></label>
  <p><label><input type="checkbox" name="news" value="yes"> Send news</label>
  <p><button>Send</button>
</form>
"""

LOCKED = """<title>Order</title><h1>Order</h1>
<form method="post" action="/orders">
  <p><label>Customer <input name="customer" value="Ada" readonly></label>
  <p><button>Order</button>
</form>
"""
TABLE = """<title>Trains</title><h1>Trains</h1>
<table><tr><th>Town<th>Minutes<tr><td>Lisbon<td>165<tr><td>Porto<td>98<tr><td>Évora<td>90</table>
"""
TRAINS = [["Town", "Minutes"], ["Lisbon", "165"], ["Porto", "98"], ["Évora", "90"]]


def contact_into_a_form(stage: Stage, browser: str) -> None:
    """A contact goes from a file into a form on the web, which is sent."""
    (stage.workspace / "contact.txt").write_text(
        "".join(f"{key}: {value}\n" for key, value in CONTACT.items())
    )

    with site(form=FORM) as web:
        stage.opens(browser)

        def policy(asked: str) -> Policy:
            text = yield call("read_file", path="contact.txt")
            yield plan(
                ("press_keys", "ctrl+l"),
                ("type_text", "the address"),
                ("set_value", "Name"),
                ("set_value", "E-mail"),
                ("set_value", "Phone"),
                ("press", "Send"),
            )
            yield call("press_keys", keys="ctrl+l")
            yield call("type_text", text=f"{web.address}/form")
            yield call("press_keys", keys="enter")
            yield call("look")
            for label, key in (("Name", "name"), ("E-mail", "email"), ("Phone", "phone")):
                yield call("set_value", name=label, value=first(rf"{key}: (.+)", text))
            yield call("press", name="Send news")
            yield call("press", name="Send")
            return "The contact was sent."

        told = stage.asks(f"Send the contact in contact.txt with the form at {web.address}/form", policy)
        told.ended("confirmed", "unverifiable")  # where the keys for the address had nothing to change
        assert web.sent() == CONTACT | {"news": "yes"}


def contact_into_chromium(stage: Stage) -> None:
    contact_into_a_form(stage, "Chromium")


def contact_into_firefox(stage: Stage) -> None:
    contact_into_a_form(stage, "Firefox")


def field_that_cannot_be_changed(stage: Stage) -> None:
    """A field that takes no text, in a browser that says it did: the person is told, and nothing is sent."""
    with site(order=LOCKED) as web:
        stage.visits("Firefox", f"{web.address}/order", "Order")

        def policy(asked: str) -> Policy:
            yield call("look")
            answer = yield call("set_value", name="Customer", value="Grace")
            if not answer.startswith("error:"):
                yield call("press", name="Order")
            return "The customer is Grace now."

        told = stage.asks("Order for Grace", policy).ended("failed", "suspected_noop")
        assert [proof.holds for proof in told.outcome.evidence] == [False]
        assert web.nothing_sent()


def table_into_a_sheet(stage: Stage) -> None:
    """A table of a web page is typed into a new sheet, which is saved as CSV."""
    with site(trains=TABLE) as web:
        stage.visits("Chromium", f"{web.address}/trains", "Trains")

        def policy(asked: str) -> Policy:
            seen = yield call("look")
            words = re.findall(r'"([^"]*)"', seen)
            start = words.index("Town")
            cells = list(dict.fromkeys(words[start:]))[:8]
            rows = [cells[at : at + 2] for at in range(0, 8, 2)]
            yield plan(("open_app", "LibreOffice Calc"), ("type_text", "the rows"), ("save_as", "trains.csv"))
            yield call("open_app", name="LibreOffice Calc")
            yield call("type_text", text="\n".join("\t".join(row) for row in rows) + "\n")
            yield call("save_as", path="trains.csv")
            return "The trains are in trains.csv."

        told = stage.asks("Put this table into a sheet and save it as trains.csv", policy)
        told.ended("confirmed").approved_once()
    with (stage.workspace / "trains.csv").open(newline="") as file:
        assert list(csv.reader(file)) == TRAINS
