"""May it happen? One gate before every action, made of code the model cannot reach.

policy      the modes, the risk of an effect
places      what is protected in every mode: our own folders, keys, start-up files
sinks       which values of a call decide something, and whether they are the person's
foreign     tools that are not ours: does the call fit their schema, what would it do
provenance  where a value came from: the person's own words, or something that was read
contract    one grouped approval for a plan, and which calls are inside it
grants      standing permissions ("always"), kept in the database, listed and withdrawn
gate        the decision itself: allow, ask or deny, with the reason and the question

The model's output is bytes; nothing it says about itself or about where a value came from is used here.
"""

from agent.broker.contract import Contract, ContractStep
from agent.broker.gate import Broker, Decision
from agent.broker.grants import Grant, Grants
from agent.broker.policy import Mode, Policy, risk_of
from agent.broker.scope import Scope

__all__ = [
    "Broker",
    "Contract",
    "ContractStep",
    "Decision",
    "Grant",
    "Grants",
    "Mode",
    "Policy",
    "Scope",
    "risk_of",
]
