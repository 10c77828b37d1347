"""What each fix of Optax code is for; as `torch_effects.py`."""
import jax
import numpy
from effects import effects
from optax_trace import watch
from script import close, numbers_in

_, effect, check = effects(watch)


def same_training(one, other):
    assert numpy.array_equal(one.final(), other.final(), equal_nan=True), "the parameters differ"


@effect
def missing_gradient_clipping(case):
    """The norm that Adam sees is at most 1, and 1 where it was larger."""
    before, after = case.before.run().norms, case.after.run().norms
    assert len(before) == len(after) > 0 and before[0] > 1.0, f"{before[:2]} is too small to tell"
    assert not any(norm > 1.0 + 1e-3 for norm in after) and close(after[0], 1.0), after[:4]


@effect
def nonfinite_unchecked(case):
    """Gradients that are NaN change no parameter; the other steps go on."""
    same_training(case.before.run(), case.after.run())
    before, after = case.before.run(poison=3), case.after.run(poison=3)
    assert not numpy.isfinite(before.final()).all() and numpy.isfinite(after.final()).all()
    assert [place for place, norm in enumerate(after.updates) if norm == 0] == [2], after.updates


@effect
def learning_rate_high(case):
    assert close(case.before.run().rates[0], 10 * case.after.run().rates[0])


@effect
def anomaly_detection_left_on(case):
    before, after = case.before.run(), case.after.run()
    assert before.nan_checks == [True] and after.nan_checks == []
    same_training(before, after)


@effect
def activation_before_loss(case):
    before, after = case.before.run(), case.after.run()
    assert not numpy.array_equal(before.final(), after.final())
    # The gradient at the start is that of the loss of the logits, four times as steep at least as through a second sigmoid.
    assert after.updates[0] > 2 * before.updates[0], f"{before.updates[0]} became {after.updates[0]}"


@effect
def eps_unset_under_mixed_precision(case):
    wanted = numbers_in(case.title.split("eps", 1)[1])[0]
    before, after = case.before.run(), case.after.run()
    assert before.epsilons[0] < wanted and after.epsilons == [wanted], after.epsilons
    assert numpy.isfinite(after.final()).all()


@effect
def weight_decay_on_norm_and_bias(case):
    before, after = case.before.run(), case.after.run()
    assert before.masks == [None]
    params = after.variables["params"]
    mask = after.masks[0](params) if callable(after.masks[0]) else after.masks[0]
    leaves, decided = jax.tree_util.tree_leaves(params), jax.tree_util.tree_leaves(mask)
    assert len(leaves) == len(decided) > 0
    assert all(bool(on) == (leaf.ndim > 1) for leaf, on in zip(leaves, decided)), decided


@effect
def eval_mode_missing(case):
    before, after = case.before.run().norm_modes, case.after.run().norm_modes
    assert len(before) == len(after) and before.count(True) == 0 < after.count(True), after


@effect
def no_warmup(case):
    """The first update is none, and those after it grow from there."""
    before, after = case.before.run().updates, case.after.run().updates
    assert len(before) == len(after) and before[0] > 0, before
    assert after[0] == 0 < after[1] < after[2] < 0.1 * before[0], after
