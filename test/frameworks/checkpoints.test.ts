import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { factsOf } from "./readFacts.ts";

const head = `import torch
model = Net()
optimizer = torch.optim.Adam(model.parameters())
`;
const step = `optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
`;

function loop(after: string, before = ""): string {
  return `${head}${before}for epoch in range(10):
    for x, y in loader:
        ${step}${after}`;
}

describe("checkpoints of PyTorch loops", () => {
  it("are told of when they leave out the optimizer", () => {
    const [fact] = factsOf(loop('    torch.save(model.state_dict(), f"model_{epoch}.pt")\n')).unsavedState;
    assert.equal(fact?.missing, "optimizer");
    assert.equal(fact?.holder, "optimizer");
    assert.equal(fact?.resumedAt, null);
  });

  const silent: readonly (readonly [string, string])[] = [
    ["the weights are the best so far", "    if acc > max_acc:\n        torch.save(model.state_dict(), path)\n"],
    [
      "a flag says that they are the best so far",
      "    save = False\n    if acc > best:\n        save = True\n    if save:\n        torch.save(model.state_dict(), path)\n",
    ],
    ["the loop is over", 'torch.save(model.state_dict(), "model.pt")\n'],
    ["it is the last epoch", '    if epoch == epochs - 1:\n        torch.save(model.state_dict(), "model.pt")\n'],
    ["an evaluation reads them", "    torch.save(model.state_dict(), path)\n    evaluate(path)\n"],
    [
      "the optimizer has a file of its own",
      '    torch.save(model.state_dict(), "m.pt")\n    torch.save(optimizer.state_dict(), "o.pt")\n',
    ],
    ["a function that is not read gets both", "    save_checkpoint(model, optimizer, epoch)\n"],
    ["an average of the weights is kept", '    torch.save(ema_model.state_dict(), f"ema_{epoch}.pt")\n'],
    ["things are saved by a loop over them", "    torch.save({k: v.state_dict() for k, v in parts.items()}, path)\n"],
  ];
  for (const [when, after] of silent) {
    it(`stay silent when ${when}`, () => {
      assert.deepEqual(factsOf(loop(after)).unsavedState, []);
    });
  }

  it("stay silent for plain SGD, which has no state", () => {
    const code = loop("    torch.save(model.state_dict(), path)\n").replace(
      "Adam(model.parameters())",
      "SGD(model.parameters(), lr=0.1)",
    );
    assert.deepEqual(factsOf(code).unsavedState, []);
    const [fact] = factsOf(code.replace("lr=0.1", "lr=0.1, momentum=0.9")).unsavedState;
    assert.equal(fact?.constructorName, "SGD");
  });

  it("stay silent when weights are loaded to be tuned", () => {
    const before = "if args.pretrained:\n    model.load_state_dict(torch.load(args.pretrained))\n";
    assert.deepEqual(factsOf(loop("print(model)\n", before)).unsavedState, []);
  });

  it("are told of where a run goes on from weights alone", () => {
    const before =
      'if args.resume:\n    ckpt = torch.load(args.resume)\n    model.load_state_dict(ckpt["model"])\n    start = ckpt["epoch"]\n';
    const [fact] = factsOf(loop("print(model)\n", before)).unsavedState;
    assert.equal(fact?.at, "load");
  });
});
