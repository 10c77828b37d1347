"""What each fix of torch code is for, checked on runs of the script before and after it. One function an effect.

Each first asserts that the fault is there before, so that none can hold by itself. `case.before` and `case.after` are scripts,
`case.title` is the title of the fix.
"""
import torch
from effects import effects
from script import close, numbers_in, numbers_named, temporary_folder
from torch_trace import watch

EFFECTS, effect, check = effects(watch)


def same_training(one, other):
    assert type(one.error) is type(other.error), f"{one.error} and {other.error}"
    if one.error is not None and not one.steps and not other.steps:
        return
    assert len(one.steps) == len(other.steps) > 0, f"{len(one.steps)} and {len(other.steps)} steps"
    for first, second in zip(one.steps, other.steps):
        for p, q in zip(first.after, second.after):
            assert torch.allclose(p, q, rtol=0, atol=0, equal_nan=True), "the weights differ"


def runs_alike(case):
    """The training is what it was, bit for bit."""
    same_training(case.before.run(may_fail=True), case.after.run(may_fail=True))


EFFECTS["runs-alike"] = runs_alike


def clipped(case):
    """The norm that reaches each optimizer is at most 1, and 1 where it was larger: no gradient is clipped while it is scaled."""
    before, after = case.before.run(may_fail=True), case.after.run(may_fail=True)
    assert type(before.error) is type(after.error), after.error
    raw = case.after.run(clipping=False, may_fail=True)
    assert len(after.steps) == len(raw.steps) > 0
    clipped_optimizers = 0
    for index in range(len(after.optimizers)):
        unclipped, found, was = raw.of(index), after.of(index), before.of(index)
        wanted = min(unclipped[0].norm, 1.0)
        if unclipped[0].norm <= 1.0 and len(after.optimizers) == 1:
            raise AssertionError("the script's first gradient is too small to tell")
        if all(step.norm <= 1.0 + 1e-4 for step in found) and close(found[0].norm, wanted):
            clipped_optimizers += not close(was[0].norm, wanted) or any(step.norm > 1.0 + 1e-4 for step in was) or was[0].clips > 1
            assert all(step.clips >= 1 for step in found), "clipped less than once a step"
    changed = [i for i in range(len(after.optimizers)) if [s.norm for s in after.of(i)] != [s.norm for s in before.of(i)]]
    assert clipped_optimizers >= 1, (
        f"norms {[step.norm for step in after.steps][:4]} of {[step.norm for step in raw.steps][:4]} unclipped"
    )
    return changed


EFFECTS["missing-gradient-clipping"] = clipped
EFFECTS["clip-before-unscale"] = clipped
EFFECTS["clip-ineffective"] = clipped


@effect
def clip_misplaced(case):
    """Clipped once a step, on the whole gradient, before it is used."""
    clipped(case)
    assert [step.clips for step in case.after.run().steps].count(1) == len(case.after.run().steps), "clipped more than once a step"


@effect
def zero_grad_missing(case):
    before, after = case.before.run(), case.after.run()
    faulty = [step for step in before.steps if step.stale > 0 or step.norm == 0]
    assert faulty, "gradients were fresh before the fix too"
    assert all(step.stale == 0 and step.norm > 0 for step in after.steps), [(s.stale, s.norm) for s in after.steps][:4]


@effect
def accumulation_not_averaged(case):
    before, after = case.before.run().steps[0], case.after.run().steps[0]
    assert before.backwards == after.backwards > 1
    assert close(before.norm / after.norm, after.backwards), f"{before.norm} became {after.norm} over {after.backwards}"


@effect
def gradient_norm_not_logged(case):
    before, after = case.before.run(may_fail=True), case.after.run(may_fail=True)
    same_training(before, after)
    if before.error is not None:
        return
    norms = [norm for step in after.steps for norm in (*step.clipped, step.norm)]
    logged = numbers_named("(?:grad|gradient)[_ ]?norm\\w*", after.output)
    assert logged and not numbers_named("(?:grad|gradient)[_ ]?norm\\w*", before.output), after.output[:300]
    strange = [each for each in logged if not any(close(each, norm, 2e-3) for norm in norms)]
    assert not strange, f"logged {strange}, norms were {norms[:6]}"
    if "clip" in case.before.text:
        quiet = [place for place, step in enumerate(before.steps) if step.reads == min(s.reads for s in before.steps)]
        more = [after.steps[place].reads - before.steps[place].reads for place in quiet]
        assert max(more) == 0, f"{max(more)} more synchronizations on steps that log nothing"


@effect
def eps_unset_under_mixed_precision(case):
    before, after = case.before.run(), case.after.run()
    (wanted,) = [number for number in numbers_in(case.title.split("eps", 1)[1])][:1]
    found = {group["eps"] for step in after.steps for group in step.groups}
    assert found == {wanted}, f"eps {found}"
    assert all(group["eps"] < wanted for step in before.steps for group in step.groups)
    assert all(torch.isfinite(p).all() for p in after.steps[-1].after)


@effect
def deprecated_amp(case):
    before, after = case.before.run(), case.after.run()
    told = lambda trace: [each for each in trace.warnings if "is deprecated" in each and "amp" in each]  # noqa: E731
    assert told(before) and len(told(after)) < len(told(before)), told(after)
    same_training(before, after)


@effect
def unstable_loss(case):
    before, after = case.before.run(), case.after.run()
    assert not torch.isfinite(before.final()).all(), "the loss was stable before"
    assert torch.isfinite(after.final()).all()


@effect
def activation_before_loss(case):
    (name, before, target), (other, after, _) = case.before.run().losses[0], case.after.run().losses[0]
    is_probability = lambda given: bool((given >= 0).all() and (given <= 1).all())  # noqa: E731
    wants_probability = lambda loss: loss == "binary_cross_entropy"  # noqa: E731
    assert is_probability(before) != wants_probability(name), f"{name} was given what it expects"
    assert is_probability(after) == wants_probability(other), f"{other} is given {after.flatten()[:4]}"
    assert torch.equal(target, case.after.run().losses[0][2])


@effect
def nonfinite_unchecked(case):
    """A batch whose loss is NaN changes no weight, is counted, and the other batches train as before."""
    clean = case.after.run()
    same_training(case.before.run(), clean)
    before, after = case.before.run(poison=3), case.after.run(poison=3)
    assert not torch.isfinite(before.final()).all(), "NaN did not reach the weights before"
    assert torch.isfinite(after.final()).all()
    assert 0 < len(after.steps) < len(clean.steps), f"{len(after.steps)} steps of {len(clean.steps)}"
    assert "skip" in after.output and "skip" not in clean.output, after.output[-300:]


@effect
def nonfinite_hidden(case):
    before, after = case.before.run(poison=2), case.after.run(poison=2)
    seen = lambda trace: trace.output.lower().count("nan")  # noqa: E731
    assert seen(after) > seen(before), after.output[-300:]


@effect
def anomaly_detection_left_on(case):
    before, after = case.before.run(), case.after.run()
    assert any(before.anomaly) and not any(after.anomaly), f"{before.anomaly[:2]}, {after.anomaly[:2]}"
    same_training(before, after)


@effect
def adam_l2_weight_decay(case):
    """Large and small gradients shrink weights alike: beside the same run without decay, a step takes lr * decay off each weight."""

    def shares(program):
        with_decay, without = program.run().steps[0], program.run(decay=False).steps[0]
        sizes = [group for group in with_decay.groups for _ in group["sizes"]]
        for group, start, p, q in zip(sizes, with_decay.before, with_decay.after, without.after):
            rate = group["lr"] * group["weight_decay"]
            large = start.abs() > 0.05
            yield rate, ((q - p).double() / start.double())[large]

    taken = [(rate, share) for rate, share in shares(case.after) if share.numel()]
    assert taken and all(rate > 0 for rate, _ in taken)
    for rate, share in taken:
        assert (share - rate).abs().max() < 0.1 * rate, f"shares of {share.min():.2g} to {share.max():.2g}, not {rate:.2g}"
    coupled = [(rate, share) for rate, share in shares(case.before) if share.numel()]
    assert any((share - rate).abs().max() > 0.5 * rate for rate, share in coupled), "decay was decoupled before"
    before, after = case.before.run().steps[0], case.after.run().steps[0]
    for old, new in zip(before.groups, after.groups):
        for name in ("lr", "betas", "eps", "weight_decay", "amsgrad"):
            assert old.get(name) == new.get(name), f"{name} was {old.get(name)}, is {new.get(name)}"


@effect
def weight_decay_on_norm_and_bias(case):
    before, after = case.before.run().steps[0], case.after.run().steps[0]
    decay = {group["weight_decay"] for group in before.groups}
    assert len(decay) == 1 and decay != {0.0}
    sizes = sorted(size for group in before.groups for size in group["sizes"])
    assert sizes == sorted(size for group in after.groups for size in group["sizes"]), "parameters are lost or doubled"
    for group in after.groups:
        flat = [len(size) < 2 for size in group["sizes"]]
        assert all(flat) if group["weight_decay"] == 0.0 else not any(flat), f"{group['sizes']}"
    assert {group["weight_decay"] for group in after.groups} == {0.0, *decay}


@effect
def learning_rate_high(case):
    before, after = case.before.run().steps, case.after.run().steps
    assert close(before[0].groups[0]["lr"], 10 * after[0].groups[0]["lr"]), f"{after[0].groups[0]['lr']}"


@effect
def no_learning_rate_schedule(case):
    before, after = case.before.run(), case.after.run()
    rates = [step.groups[0]["lr"] for step in after.steps]
    assert len({step.groups[0]["lr"] for step in before.steps}) == 1
    assert rates[0] == before.steps[0].groups[0]["lr"], "the rate begins elsewhere"
    assert rates[-1] < 0.6 * rates[0] and rates == sorted(rates, reverse=True), f"from {rates[0]} to {rates[-1]}"
    if not after.schedulers:  # a lambda of the Trainer's
        return
    scheduler = after.schedulers[0]
    calls = [each for each in after.schedule if each[0] is scheduler]
    if type(scheduler).__name__ == "ReduceLROnPlateau":
        assert (scheduler.mode, scheduler.factor, scheduler.patience) == ("min", 0.5, 3)
        printed = numbers_named("val(?:id|idation)?[_ ]?loss", after.output)
        assert len(printed) == len(calls)
        assert all(close(metric, shown, 2e-3) for (_, metric, _), shown in zip(calls, printed)), "steps on another number"
    elif hasattr(scheduler, "T_max"):
        assert len(calls) == scheduler.T_max, f"{len(calls)} steps of {scheduler.T_max}"
    assert not any("lr_scheduler.step()" in each for each in after.warnings), after.warnings


@effect
def scheduler_step_order(case):
    after = case.after.run()
    scheduler = after.schedulers[0]
    calls = [each for each in after.schedule if each[0] is scheduler]
    rates = [step.groups[0]["lr"] for step in after.steps]
    assert not any("lr_scheduler.step()" in each for each in after.warnings), after.warnings
    assert calls and rates[-1] < rates[0], f"{len(calls)} calls, rate {rates[0]} to {rates[-1]}"
    length = getattr(scheduler, "T_max", getattr(scheduler, "total_steps", None))
    assert length is None or len(calls) == length, f"{len(calls)} steps of {length}"
    if type(scheduler).__name__ == "ReduceLROnPlateau":
        printed = numbers_named("val(?:id|idation)?[_ ]?loss", after.output)
        assert all(close(metric, shown, 2e-3) for (_, metric, _), shown in zip(calls, printed))
    before = case.before.run(may_fail=True)
    if isinstance(before.error, TypeError):  # a plateau that is told no metric
        return
    was = [each for each in before.schedule if each[0] is before.schedulers[0]]
    warned = any("lr_scheduler.step()" in each for each in before.warnings)
    assert warned or len(was) != len(calls), "the order was right before"


@effect
def optimizer_state_not_saved(case):
    """A run that is interrupted and resumed ends where the uninterrupted one does."""

    def distance(program, may_fail):
        whole = program.run(["--epochs", "4"])
        with temporary_folder() as folder:
            program.run(["--epochs", "2"], folder=folder)
            resumed = program.run(["--epochs", "4", "--resume", "checkpoint.pt"], folder=folder, may_fail=may_fail)
        if resumed.error is not None:
            return float("inf"), False
        assert len(resumed.steps) * 2 == len(whole.steps) > 0, f"{len(resumed.steps)} steps of {len(whole.steps)}"
        rates = [step.groups[0]["lr"] for step in whole.steps[-len(resumed.steps) :]]
        same_rates = rates == [step.groups[0]["lr"] for step in resumed.steps]
        return float((whole.final() - resumed.final()).abs().max()), same_rates

    before, _ = distance(case.before, may_fail=True)
    after, same_rates = distance(case.after, may_fail=False)
    assert before > 1e-6, f"the resumed run went on all the same before: {before}"
    assert after <= 1e-6, f"the resumed run ends {after} away"
    assert same_rates, "the schedule begins anew"


@effect
def optimizer_reset(case):
    if "--resume" not in case.before.text:
        before, after = case.before.run(may_fail=True), case.after.run(may_fail=True)
        rates = [trace.steps[0].groups[0]["lr"] for trace in (before, after)] if before.steps else [10, 1]
        assert type(before.error) is type(after.error) and close(rates[0], 10 * rates[1]), rates
        return

    def resumed(program):
        with temporary_folder() as folder:
            first = case.before.run(["--epochs", "2"], folder=folder)
            second = program.run(["--epochs", "4", "--resume", "checkpoint.pt"], folder=folder)
        return first, second

    first, before = resumed(case.before)
    _, after = resumed(case.after)
    for saved, p in zip(first.steps[-1].after, after.steps[0].before):
        assert torch.equal(saved, p), "the weights are not kept"
    assert close(after.steps[0].groups[0]["lr"] * 10, before.steps[0].groups[0]["lr"])
    counts = [float(state["step"]) for state in after.optimizers[0].state.values()]
    assert set(counts) == {float(len(after.steps))}, f"moments of {counts} steps after {len(after.steps)}"


@effect
def loss_keeps_graph(case):
    def held(trace):
        values = [value for value in trace.variables.values() if isinstance(value, (torch.Tensor, list))]
        flat = [each for value in values for each in (value if isinstance(value, list) else [value])]
        kept = [each for each in flat if isinstance(each, torch.Tensor) and each.grad_fn is not None]
        return len([each for each in kept if each.numel() == 1])

    before, after = case.before.run(), case.after.run()
    same_training(before, after)
    assert held(before) > held(after), f"{held(before)} graphs held before, {held(after)} after"


@effect
def eval_mode_missing(case):
    """Validation passes are in evaluation mode, keep no gradients, and leave the model training."""
    fault = lambda trace: [  # noqa: E731
        (training, grad) for training, grad, _ in trace.forwards if training and not grad or not training and grad
    ]
    before, after = case.before.run(), case.after.run()
    assert len(after.steps) == len(before.steps)
    assert not fault(after), fault(after)[:3]
    validation = [each for each in after.forwards if not each[0]]
    trained = sum(step.backwards for step in after.steps)
    assert validation and len(after.forwards) - len(validation) == trained, "training passes are not in training mode"
    assert [each[:2] for each in before.forwards] != [each[:2] for each in after.forwards]


def orders(trace, epochs=2):
    given = [each for training, _, each in trace.forwards if training]
    size = len(given) // epochs
    return [given[place * size : (place + 1) * size] for place in range(epochs)]


@effect
def sampler_epoch_unset(case):
    first, second = orders(case.before.run())
    assert first == second, "the order differed before"
    first, second = orders(case.after.run())
    assert first != second and len(first) == len(second) > 0


EFFECTS["training-data-not-shuffled"] = sampler_epoch_unset


@effect
def adam_state_not_logged(case):
    """Adam's RMS_t and the largest update ratio are in the log, as computed here from the optimizer's own state."""
    before, after = case.before.run(may_fail=True), case.after.run(may_fail=True)
    same_training(before, after)
    if before.error is not None:
        return
    added = [line for line in after.output.splitlines() if line not in before.output.splitlines()]
    assert any("rms" in line.lower() for line in added), added[:5]
    assert all(number >= 0 for number in numbers_in(" ".join(added)))
    quiet = [place for place, step in enumerate(before.steps)]
    more = [after.steps[place].reads - before.steps[place].reads for place in quiet]
    assert more.count(0) >= len(more) // 2, f"{more[:8]} more synchronizations a step"


@effect
def batch_not_identified(case):
    before, after = case.before.run(may_fail=True), case.after.run(may_fail=True)
    same_training(before, after)
    assert "batch" in after.output, after.output[:300]
    if before.error is None:
        assert len(after.output) > len(before.output)


@effect
def loss_scaler_misuse(case):
    """Each step sees the gradient that it would without loss scaling, and the scale is looked at once a step."""
    after, plain = case.after.run(), case.after.run(scaling=False)
    assert len(after.steps) > 1 and close(after.steps[0].norm, plain.steps[0].norm, 1e-2), (
        f"{after.steps[0].norm}, without scaling {plain.steps[0].norm}"
    )
    assert len(after.scaler_updates) == len(after.steps), f"{len(after.scaler_updates)} updates, {len(after.steps)} steps"
    before, plain = case.before.run(may_fail=True), case.before.run(scaling=False, may_fail=True)
    if before.error is not None:
        return
    wrong = not close(before.steps[0].norm, plain.steps[0].norm, 1e-2)
    assert wrong or len(before.scaler_updates) != len(before.steps), "the scaler was used right before"


@effect
def fp16_without_loss_scaling(case):
    before, after = case.before.run(), case.after.run()
    assert max(after.backward_losses) > 1000 * max(before.backward_losses), "the loss is not scaled"
    assert len(after.steps) == len(before.steps)
    assert close(before.steps[0].norm, after.steps[0].norm, 2e-2), f"{before.steps[0].norm}, {after.steps[0].norm}"
    assert len(after.scaler_updates) == len(after.steps)


@effect
def many_hyperparameters_changed(case):
    """One change is left: the run with the fix differs in one number from the earlier state."""

    def numbers(trace):
        group = trace.steps[0].groups[0]
        kept = {name: group.get(name) for name in ("lr", "betas", "eps", "weight_decay", "amsgrad", "momentum")}
        return {**kept, "kind": trace.steps[0].kind, "steps": len(trace.steps), "batch": len(trace.losses[0][1])}

    earlier = numbers(case.baseline.run())
    differing = lambda program: {name for name, value in numbers(program.run()).items() if value != earlier[name]}  # noqa: E731
    assert len(differing(case.before)) >= 4
    left = differing(case.after)
    assert len(left - {"steps"}) <= 1, f"{left} still differ"


EFFECTS["unused-suppression"] = runs_alike


@effect
def each_clipped(case):
    """As `clipped`, of every optimizer: none sees a norm above 1, and the first of each is 1 where it was larger."""
    raw, after = case.after.run(clipping=False), case.after.run()
    assert len(case.before.run().steps) == len(after.steps) > 0
    for index in range(len(after.optimizers)):
        found, unclipped = after.of(index), raw.of(index)
        assert all(step.norm <= 1.0 + 1e-4 for step in found), f"{index}: {[step.norm for step in found]}"
        assert unclipped[0].norm > 1.0 and close(found[0].norm, 1.0), f"{index}: {found[0].norm} of {unclipped[0].norm}"


@effect
def runs(case):
    """Several fixes at once leave a script that trains to its end."""
    assert case.after.run().steps


@effect
def no_warmup(case):
    """The rate begins low and rises."""
    before, after = ([step.groups[0]["lr"] for step in program.run().steps] for program in (case.before, case.after))
    assert before[0] == max(before) and len(before) == len(after)
    assert after[0] < 0.5 * before[0] and max(after) > after[0], after
