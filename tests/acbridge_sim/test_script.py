"""The script language says what it means and refuses the rest."""

import pytest

from acbridge_sim.script import INSTANT, LASTING, Act, parse


def test_a_script_is_steps_in_order() -> None:
    acts = parse("live 10; pause 2.5;restart ; live 5; exit")
    assert [Act("live", 10), Act("pause", 2.5), Act("restart", 0), Act("live", 5), Act("exit", 0)] == acts


@pytest.mark.parametrize("verb", [*LASTING, *INSTANT])
def test_every_verb_is_understood(verb: str) -> None:
    text = f"{verb} 1" if verb in LASTING else verb
    assert [verb] == [act.verb for act in parse(text)]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "at least one step"),
        (" ; ;", "at least one step"),
        ("fly 3", "there is no 'fly'"),
        ("live", "takes seconds"),
        ("live soon", "takes seconds"),
        ("live 1 2", "takes seconds"),
        ("live -1", "positive"),
        ("live nan", "positive"),
        ("live inf", "positive"),
        ("restart 3", "takes nothing"),
        ("exit; live 3", "nothing can follow 'exit'"),
    ],
)
def test_nonsense_is_refused_with_what_would_be_right(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        parse(text)
