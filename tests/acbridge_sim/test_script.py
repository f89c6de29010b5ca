"""Scripts are parsed into steps, and wrong ones are refused with what is allowed."""

import pytest

from acbridge_sim.script import INSTANT, LASTING, ScriptStep, parse


def test_a_script_is_steps_in_order() -> None:
    steps = [("live", 10), ("pause", 2.5), ("restart", 0), ("live", 5), ("exit", 0)]
    assert [ScriptStep(*step) for step in steps] == parse("live 10; pause 2.5;restart ; live 5; exit")


@pytest.mark.parametrize("verb", [*LASTING, *INSTANT])
def test_every_verb_is_accepted(verb: str) -> None:
    text = f"{verb} 1" if verb in LASTING else verb
    assert [verb] == [step.verb for step in parse(text)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "at least one step"),
        (" ; ;", "at least one step"),
        ("fly 3", "unknown verb 'fly'"),
        ("live", "needs seconds"),
        ("live soon", "needs seconds"),
        ("live 1 2", "needs seconds"),
        ("live -1", "positive"),
        ("live nan", "positive"),
        ("live inf", "positive"),
        ("restart 3", "takes no argument"),
        ("exit; live 3", "nothing can follow 'exit'"),
    ],
)
def test_a_wrong_script_is_refused_with_what_is_allowed(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse(text)
