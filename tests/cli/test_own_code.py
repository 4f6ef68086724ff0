"""Code of the user's own in a config: what loading it imports."""

from stride.cli.own_code import own_code_of

CONFIG = {
    "model_kwargs": {"model_name": "net.py:Net", "note": "a:b"},
    "task_kwargs": {"task_name": "supervised", "loss_name": "losses:focal"},
    "dataset_kwargs": {"dataset_name": "data.py:Cells"},
    "optimizer_kwargs": {"optimizer_name": "object:torch.optim.SGD"},
}


def test_references_in_the_groups_are_found_at_any_depth() -> None:
    assert own_code_of(CONFIG, ("model_kwargs", "task_kwargs")) == {
        "model_kwargs.model_name": "net.py:Net",
        "task_kwargs.loss_name": "losses:focal",
    }


def test_what_was_handed_over_is_not_imported() -> None:
    assert own_code_of(CONFIG, ("optimizer_kwargs",)) == {}
