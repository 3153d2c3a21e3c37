"""A template is a stranger's program: whatever it does, it ends in a text or in an error, soon."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

import pytest

from agent.engine.dialects import sandbox
from agent.engine.dialects.sandbox import FailedProbe, SandboxedTemplate, UnusableTemplate
from agent.engine.port import ModelSpec
from agent.engine.supervisor import LlamaEngine
from agent.errors import ModelLoadError
from tests.agent.engine.tiny_model import write_llama

TURNS = [{"role": "user", "content": "hello"}]


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "SECONDS", 0.1)


def rendered(source: str) -> str:
    return SandboxedTemplate(source, {"bos_token": "<s>"}).render(TURNS, None, to_be_continued=True)


ENDLESS = [
    "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
    "{% for i in range(99999) %}{% set x = range(99999) | list | sort %}{% endfor %}",
    "{% macro f(n) %}{{ f(n - 1) if n }}{{ f(n - 1) if n }}{% endmacro %}{{ f(40) }}",
    "{{ lipsum(n=1000000) }}",
]
GREEDY = [
    "{{ 'a' * 10000000000 }}",
    "{{ 'a' * 1000000000 }}",
    "{{ 'a' | center(1000000000) }}",
    "{{ '%1000000000d' % 1 }}",
    "{{ '{:>1000000000}'.format(1) }}",
    "{% set n = namespace(s='a') %}{% for i in range(60) %}{% set n.s = n.s + n.s %}{% endfor %}",
    "{{ 'a' * 9000000 }}",
    "{{ [0] * 1000000000 }}",
]
DEEP = ["{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "{{ " + "(" * 5000 + ")" * 5000 + " }}"]
LARGE_NUMBERS = [
    "{{ 7 ** (10 ** 9) }}",
    "{% set n = namespace(x=9) %}{% for i in range(60) %}{% set n.x = n.x * n.x %}{% endfor %}",
    "{{ 1.5 | round(1000000000, 'floor') }}",
    "{{ " + "9" * 100_000 + " }}",
]
PRYING = [
    "{{ ''.__class__.__mro__ }}",
    "{{ cycler.__init__.__globals__ }}",
    "{{ raise_exception.__globals__.sys }}",
    "{{ '{0.__class__.__mro__}'.format('') }}",
    "{{ messages.append(1) }}",
    "{% include '/etc/passwd' %}",
    "{% import 'os' as os %}{{ os.system('true') }}",
]


@pytest.mark.usefixtures("_impatient")
@pytest.mark.parametrize(
    "source", [*ENDLESS, *GREEDY, *DEEP, "x" * 1_000_000], ids=lambda source: source[:40]
)
def test_a_template_beyond_its_bounds_is_unusable_for_good(source: str):
    with pytest.raises(UnusableTemplate) as caught:
        rendered(source)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("source", [*LARGE_NUMBERS, *PRYING], ids=lambda source: source[:40])
def test_a_template_that_reaches_for_what_it_may_not_have_fails(source: str):
    with pytest.raises(FailedProbe):
        rendered(source)


@pytest.mark.usefixtures("_impatient")
def test_the_bounds_are_gone_when_the_template_is():
    limits, traced = resource.getrlimit(resource.RLIMIT_AS), sys.gettrace()
    rendered("{{ messages[0].content }}")
    with pytest.raises(UnusableTemplate):
        rendered(GREEDY[0])
    with pytest.raises(UnusableTemplate):
        rendered(ENDLESS[0])
    assert (resource.getrlimit(resource.RLIMIT_AS), sys.gettrace()) == (limits, traced)


def test_what_raise_exception_says_is_cut_short():
    with pytest.raises(FailedProbe) as caught:
        rendered("{{ raise_exception('no ' * 10000) }}")
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("source", [ENDLESS[0], GREEDY[5]], ids=["endless", "greedy"])
def test_the_application_hears_of_it_and_can_load_another_model(source: str, tmp_path: Path):
    engine = LlamaEngine()
    try:
        with pytest.raises(ModelLoadError) as refused:
            engine.load(
                ModelSpec(write_llama(tmp_path / "hostile.gguf", template=source), threads=1), lambda _: None
            )
        assert "chat template cannot be used" in refused.value.what
        info = engine.load(ModelSpec(write_llama(tmp_path / "kind.gguf"), threads=1), lambda _: None)
        assert info.dialect == "generic"
    finally:
        engine.close()
