"""Which values of a call decide where something goes, and whether they are the person's.

After something was read, a path, an application, an address, a recipient or an amount must be one that the person said,
set or allowed before. A command must be theirs to the letter. Text that leaves for another program may be put together
from their words; text that a tool sends on may say anything, but the addresses in it must be theirs.
"""

from __future__ import annotations

from pathlib import Path

from agent.broker.policy import Policy, runs_commands
from agent.broker.provenance import addresses_in, command_said, number_said, said, tokens
from agent.broker.question import TRUSTED, origin
from agent.broker.scope import Scope
from agent.tool import Effect, Risk, Target

_DECIDING = frozenset(("path", "application", "url", "value", "command"))


def strange_command(effect: Effect, scope: Scope) -> Target | None:
    """What would be typed or pressed where that runs something, and is not the person's to the letter."""
    if not runs_commands(effect):
        return None
    for target in effect.targets:
        if target.kind not in ("text", "keys"):
            continue
        if not command_said(target.value, scope.said) and (target.kind, target.value) not in scope.approved:
            return target
    return None


def strange_sink(effect: Effect, risk: Risk, scope: Scope, policy: Policy) -> Target | None:
    """The first value that decides something and is not the person's own."""
    for target in effect.targets:
        own = target.kind not in _DECIDING or trusted(target, scope, policy)
        if not own and not _keeps_its_name(target, effect, scope, policy):
            return target
        if target.kind == "text" and risk is Risk.LEAVE and not _text_may_leave(target, effect, scope):
            return target
    return None


def strange_text(effect: Effect, scope: Scope, policy: Policy) -> Target | None:
    """The first value of whatever kind that is not the person's own."""
    return next((target for target in effect.targets if not trusted(target, scope, policy)), None)


def trusted(target: Target, scope: Scope, policy: Policy) -> bool:
    """Whether a value may be acted on after something was read. An application that a permitted step opened is:
    opening it took the person's word or approval."""
    if target.kind == "application" and target.value in scope.applications:
        return True
    if target.kind == "text" and said(target.value, scope.computed):
        return True
    if target.kind == "value" and number_said(target.value, (*scope.said, *scope.settings)):
        return True
    return origin(target, scope, policy) in TRUSTED


def _keeps_its_name(target: Target, effect: Effect, scope: Scope, policy: Policy) -> bool:
    """Whether the target lies, under the name of something the person named, in a folder that they named: where "move
    a.txt to the Archive" leads."""
    if target.kind != "path":
        return False
    path = Path(target.value)
    own = [each for each in effect.targets if each.kind == "path" and each is not target]
    named = any(Path(each.value).name == path.name and trusted(each, scope, policy) for each in own)
    return named and trusted(Target("path", target.label, str(path.parent)), scope, policy)


def _text_may_leave(target: Target, effect: Effect, scope: Scope) -> bool:
    own = (*scope.said, *scope.settings)
    if (target.kind, target.value) in scope.approved:
        return True
    if effect.verb == "drive":  # into a browser's address bar, perhaps
        known = {word for sentence in (*own, *scope.computed) for word in tokens(sentence)}
        return target.label == "Control" or known.issuperset(tokens(target.value))
    return all(said(address, own) for address in addresses_in(target.value))
