import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { optaxFixes } from "../../server/frameworks/optaxFixes.ts";
import { applied, factsOf, present, sliceOf } from "./readFacts.ts";

const update = [
  "for batch in batches:",
  "    grads = jax.grad(loss_fn)(params, batch)",
  "    updates, state = tx.update(grads, state, params)",
  "    params = optax.apply_updates(params, updates)",
];

function program(...lines: readonly string[]): string {
  return ["import jax", "import optax", ...lines].join("\n");
}

function kinds(code: string): readonly (readonly string[])[] {
  return factsOf(code).loops.map(({ events }) => events.map(({ kind }) => kind));
}

const trained = ["zero-grad", "backward", "optimizer-step"];
const clipped = ["zero-grad", "backward", "clip", "optimizer-step"];

describe("optax optimizers", () => {
  it("have optax's defaults and the chain around them", () => {
    const code = program("tx = optax.chain(optax.clip(1.0), optax.adamw(3e-4))");
    const optimizer = present(factsOf(code).optimizers[0], "optimizer");
    assert.equal(optimizer.boundTo, "tx");
    assert.equal(sliceOf(code, optimizer), "optax.adamw(3e-4)");
    assert.equal(sliceOf(code, optimizer.composition), "optax.chain(optax.clip(1.0), optax.adamw(3e-4))");
    const { eps, weightDecay } = optimizer.arguments;
    assert.equal(eps?.resolved.known && eps.resolved.value, 1e-8);
    assert.equal(weightDecay?.resolved.known && weightDecay.resolved.value, 1e-4);
  });

  it("are read through inject_hyperparams and an import of their own", () => {
    for (const code of [
      program("tx = optax.inject_hyperparams(optax.adam)(learning_rate=0.05)"),
      "from optax import adam\ntx = adam(learning_rate=0.05)",
    ]) {
      const { learningRate } = present(factsOf(code).optimizers[0], "optimizer").arguments;
      assert.equal(learningRate?.resolved.known && learningRate.resolved.value, 0.05);
    }
  });

  it("have no rate that is a number where a schedule sets it", () => {
    const code = program("rate = optax.cosine_decay_schedule(0.1, 1000)", "tx = optax.adam(rate)");
    assert.equal(factsOf(code).optimizers[0]?.arguments.learningRate?.resolved.known, false);
  });
});

describe("optax training", () => {
  it("is a gradient and an update, in a loop", () => {
    assert.deepEqual(kinds(program("tx = optax.adam(1e-3)", ...update)), [trained]);
  });

  it("is a step function with a gradient function made outside", () => {
    const code = program(
      "tx = optax.adam(1e-3)",
      "grad_fn = jax.value_and_grad(loss_fn)",
      "@jax.jit",
      "def step(params, state, batch):",
      "    loss, grads = grad_fn(params, batch)",
      "    updates, state = tx.update(grads, state)",
      "    return optax.apply_updates(params, updates), state",
    );
    assert.deepEqual(kinds(code), [trained]);
  });

  it("is a flax train state that applies gradients, each state with its own optimizer", () => {
    const code = program(
      "from flax.training.train_state import TrainState",
      "actor = TrainState.create(apply_fn=a, params=p, tx=optax.adam(1e-3))",
      "critic = TrainState.create(apply_fn=c, params=q, tx=optax.adam(3e-3))",
      "def step(actor, critic, batch):",
      "    grads = jax.grad(actor_loss)(actor.params, batch)",
      "    actor = actor.apply_gradients(grads=grads)",
      "    grads = jax.grad(critic_loss)(critic.params, batch)",
      "    critic = critic.apply_gradients(grads=grads)",
    );
    const steps = factsOf(code).loops.flatMap(({ events }) => events.filter(({ kind }) => kind === "optimizer-step"));
    assert.deepEqual(
      steps.map(({ optimizers }) => optimizers),
      [[0], [1]],
    );
  });

  for (const chain of [
    "tx = optax.chain(optax.clip_by_global_norm(1.0), optax.adam(1e-3))",
    "tx = optax.chain(optax.adaptive_grad_clip(0.01), optax.scale_by_adam(), optax.scale(-1e-3))",
    "adam = optax.adam(1e-3)\ntx = optax.chain(optax.clip(1.0), adam)",
    "clip = optax.clip_by_global_norm(args.clip)\ntx = optax.chain(clip, optax.adam(1e-3))",
    "tx = optax.MultiSteps(optax.chain(optax.clip(1.0), optax.adam(1e-3)), 4)",
    "tx = optax.adam(1e-3)\nif args.clip:\n    tx = optax.chain(optax.clip(args.clip), tx)",
    "tx = optax.chain(my_transform(), optax.adam(1e-3))",
    "tx = optax.chain(*parts, optax.adam(1e-3))",
  ]) {
    it(`clips, or may, by ${JSON.stringify(chain)}`, () => {
      assert.deepEqual(kinds(program(chain, ...update)), [clipped]);
    });
  }

  it("does not clip by other parts of a chain", () => {
    const chain = "tx = optax.chain(optax.scale_by_adam(), optax.add_decayed_weights(0.1), optax.scale(-1e-3))";
    assert.deepEqual(kinds(program(chain, ...update)), [trained]);
  });

  it("clips by hand, over the tree of gradients or by their norm", () => {
    for (const line of [
      "    grads = jax.tree_util.tree_map(lambda g: jnp.clip(g, -1.0, 1.0), grads)",
      "    grads = clip_grads(grads, 1.0)",
      "    norm = optax.global_norm(grads)",
    ]) {
      const code = program("tx = optax.adam(1e-3)", ...update.toSpliced(2, 0, line));
      assert.ok(kinds(code)[0]?.includes("clip"), line);
    }
  });

  it("does not clip by the clipped ratio of a policy loss", () => {
    const line = "    surrogate = jnp.clip(ratio, 0.8, 1.2)";
    assert.deepEqual(kinds(program("tx = optax.adam(1e-3)", ...update.toSpliced(1, 0, line))), [trained]);
  });
});

describe("the optax clipping fix", () => {
  function fixed(code: string): string | null {
    const facts = factsOf(code);
    const loop = present(facts.loops[0], "loop");
    const step = present(
      loop.events.find(({ kind }) => kind === "optimizer-step"),
      "step",
    );
    const draft = optaxFixes.clipGradientNorm?.({ text: code, facts }, loop, step, 1) ?? null;
    return draft === null ? null : applied(code, draft.edits);
  }

  it("goes first in a chain that is there, around an optimizer that stands alone", () => {
    assert.equal(
      fixed(program("tx = optax.chain(optax.scale_by_adam(), optax.scale(-1e-3))", ...update)),
      program("tx = optax.chain(optax.clip_by_global_norm(1.0), optax.scale_by_adam(), optax.scale(-1e-3))", ...update),
    );
    assert.equal(
      fixed(program("tx = optax.adam(1e-3)", ...update)),
      program("tx = optax.chain(optax.clip_by_global_norm(1.0), optax.adam(1e-3))", ...update),
    );
  });

  it("is none where the library has no name in the file", () => {
    const code = ["import jax", "from optax import adam, apply_updates", "tx = adam(1e-3)", ...update].join("\n");
    assert.equal(fixed(code), null);
  });
});
