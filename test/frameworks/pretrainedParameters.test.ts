import assert from "node:assert/strict";
import { test } from "node:test";
import { factsOf } from "./readFacts.ts";

const imports =
  "import torch\nimport torch.nn as nn\nfrom torch.optim import AdamW\nfrom transformers import AutoModel, AutoTokenizer\n";

function tuned(code: string): readonly (boolean | undefined)[] {
  return factsOf(imports + code).optimizers.map(({ tunesPretrained }) => tunesPretrained);
}

test("tells an optimizer over a pretrained model from one over a new net beside it", () => {
  const code = `bert = AutoModel.from_pretrained("bert-base-uncased")
head = nn.Linear(768, 2)
first = AdamW(bert.parameters(), lr=1e-3)
second = AdamW(head.parameters(), lr=1e-3)
both = AdamW(list(bert.parameters()) + list(head.parameters()), lr=1e-3)
`;
  assert.deepEqual(tuned(code), [true, false, true]);
});

test("follows a module of the file that loads the model, a parameter and a filter", () => {
  const code = `class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.bert = AutoModel.from_pretrained("bert-base-uncased")
class Probe(nn.Module):
    def __init__(self):
        super().__init__()
        self.out = nn.Linear(4, 2)
def build(model):
    return AdamW(filter(lambda p: p.requires_grad, model.parameters()), lr=1e-3)
build(Classifier())
probe = Probe().cuda()
params = [p for n, p in probe.named_parameters()]
optimizer = AdamW(params, lr=1e-3)
`;
  assert.deepEqual(tuned(code), [true, false]);
});

test("does not know a model that comes from elsewhere", () => {
  const code = `tokenizer = AutoTokenizer.from_pretrained("gpt2")
from mine import build_model
model = build_model()
optimizer = AdamW(model.parameters(), lr=1e-3)
def train(model):
    return AdamW(model.parameters(), lr=1e-3)
`;
  assert.deepEqual(tuned(code), [undefined, undefined]);
});

test("takes a tokenizer and a table of vectors for no model", () => {
  const code = `tokenizer = AutoTokenizer.from_pretrained("gpt2")
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding.from_pretrained(vectors)
        self.out = nn.Linear(4, 2)
model = Net()
optimizer = AdamW(model.parameters(), lr=1e-3)
`;
  assert.deepEqual(tuned(code), [false]);
});
