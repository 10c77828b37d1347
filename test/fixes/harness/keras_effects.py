"""What each fix of Keras code is for; as `torch_effects.py`."""
import numpy
from effects import effects
from keras_trace import watch
from script import close, numbers_in, temporary_folder

_, effect, check = effects(watch)


def same_training(one, other):
    assert len(one.steps) == len(other.steps) > 0
    assert numpy.array_equal(one.final(), other.final(), equal_nan=True), "the weights differ"


@effect
def missing_gradient_clipping(case):
    """The norm that the update sees is at most 1, and 1 where it was larger."""
    before, after = case.before.run(), case.after.run()
    assert len(before.steps) == len(after.steps) > 0
    assert before.steps[0].norm > 1.0, "the script's first gradient is too small to tell"
    # Keras takes the norm of an embedding's gradient before it sums the rows of one word.
    assert all(step.norm <= 1.0 + 1e-2 for step in after.steps), [step.norm for step in after.steps]
    assert close(after.steps[0].norm, 1.0, 1e-2) and close(after.steps[0].raw, before.steps[0].raw)


@effect
def no_learning_rate_schedule(case):
    before, after = case.before.run(), case.after.run()
    rates = [step.settings["learning_rate"] for step in after.steps]
    assert rates, "no step"
    assert len({step.settings["learning_rate"] for step in before.steps}) == 1
    assert rates[-1] < 0.6 * rates[0] and close(rates[0], before.steps[0].settings["learning_rate"]), rates


@effect
def learning_rate_high(case):
    before, after = case.before.run().steps[0], case.after.run().steps[0]
    assert close(before.settings["learning_rate"], 10 * after.settings["learning_rate"])


@effect
def nonfinite_unchecked(case):
    """A run whose loss becomes NaN ends there."""
    clean, before, after = case.after.run(), case.before.run(poison=3), case.after.run(poison=3)
    same_training(case.before.run(), clean)
    assert len(after.steps) <= 3 < len(before.steps), f"{len(after.steps)} steps after the fix"


@effect
def eps_unset_under_mixed_precision(case):
    before, after = case.before.run(), case.after.run()
    wanted = numbers_in(case.title.split("epsilon", 1)[1])[0]
    assert before.steps[0].settings["epsilon"] < wanted
    assert {step.settings["epsilon"] for step in after.steps} == {wanted}


@effect
def activation_before_loss(case):
    (before, given), (after, other) = case.before.run().losses[0], case.after.run().losses[0]
    is_probability = lambda values: numpy.allclose(values.sum(-1), 1, atol=1e-3) and values.min() >= 0  # noqa: E731
    assert before == is_probability(given), "the loss was given what it expects"
    assert after == (not is_probability(other)), f"from_logits is {after}"


@effect
def anomaly_detection_left_on(case):
    before, after = case.before.run(), case.after.run()
    assert before.numerics_checked and not after.numerics_checked
    same_training(before, after)


@effect
def eval_mode_missing(case):
    before, after = ({training for training, _ in program.run().dropouts} for program in (case.before, case.after))
    assert before == {True} and after == {True, False}, f"{before}, {after}"


@effect
def optimizer_state_not_saved(case):
    def distance(program):
        whole = program.run(["--epochs", "4"])
        with temporary_folder() as folder:
            program.run(["--epochs", "2"], folder=folder)
            resumed = program.run(["--epochs", "4"], folder=folder)
        assert len(resumed.steps) * 2 == len(whole.steps) > 0
        return numpy.abs(whole.final() - resumed.final()).max()

    before, after = distance(case.before), distance(case.after)
    assert before > 1e-6, "the resumed run went on all the same before"
    assert after <= 1e-6, f"the resumed run ends {after} away"


@effect
def training_data_not_shuffled(case):
    def halves(trace):
        size = len(trace.orders) // 2
        return trace.orders[:size], trace.orders[size : 2 * size]

    first, second = halves(case.before.run())
    assert first == second, "the order differed before"
    first, second = halves(case.after.run())
    assert first != second and len(first) > 0


@effect
def unstable_loss(case):
    assert not numpy.isfinite(case.before.run().final()).all(), "the loss was stable before"
    assert numpy.isfinite(case.after.run().final()).all()


@effect
def many_hyperparameters_changed(case):
    def numbers(trace):
        step = trace.steps[0]
        kept = {name: step.settings.get(name) for name in ("learning_rate", "epsilon", "beta_1", "beta_2")}
        rates = sorted({rate for _, rate in trace.dropouts})
        return {**kept, "kind": step.kind, "seeds": trace.seeds, "dropout": rates, **trace.fits[0]}

    earlier = numbers(case.baseline.run())
    left = lambda program: {name for name, value in numbers(program.run()).items() if value != earlier[name]}  # noqa: E731
    assert len(left(case.before)) >= 4
    assert len(left(case.after)) <= 1, f"{left(case.after)} still differ"


@effect
def no_warmup(case):
    """The rate begins low and rises."""
    runs = (case.before.run(), case.after.run())
    before, after = ([step.settings["learning_rate"] for step in trace.steps] for trace in runs)
    assert before[0] == max(before) and len(before) == len(after)
    assert after[0] < 0.5 * before[0] and max(after) > after[0], after
