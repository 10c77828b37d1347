import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { factsOf } from "./readFacts.ts";

function pairs(code: string): readonly string[] {
  return factsOf(code).lossCalls.map(({ loss, expects, activation }) => `${loss}: ${activation} for ${expects}`);
}

const torch = ["import torch", "from torch import nn", "import torch.nn.functional as F"];

function net(last: string, layers = "self.fc = nn.Linear(8, 3)"): readonly string[] {
  return [
    "class Net(nn.Module):",
    "    def __init__(self):",
    "        super().__init__()",
    `        ${layers}`,
    "    def forward(self, x):",
    `        ${last}`,
  ];
}

function trained(loss: string, last: string, layers?: string): string {
  return [
    ...torch,
    ...net(last, layers),
    "model = Net()",
    `criterion = ${loss}`,
    "for x, y in data:",
    "    out = model(x)",
    "    loss = criterion(out, y)",
  ].join("\n");
}

describe("loss calls of torch", () => {
  for (const [loss, last, expected] of [
    ["nn.CrossEntropyLoss()", "return F.softmax(self.fc(x), dim=1)", "CrossEntropyLoss: softmax for logits"],
    ["nn.CrossEntropyLoss()", "return self.fc(x).softmax(dim=-1)", "CrossEntropyLoss: softmax for logits"],
    ["nn.CrossEntropyLoss()", "return self.fc(x)", "CrossEntropyLoss: none for logits"],
    ["nn.NLLLoss()", "return F.log_softmax(self.fc(x), dim=1)", "NLLLoss: log-softmax for log-probabilities"],
    ["nn.BCELoss()", "return torch.sigmoid(self.fc(x)).squeeze(1)", "BCELoss: sigmoid for probabilities"],
    ["nn.BCEWithLogitsLoss()", "return torch.sigmoid(self.fc(x))", "BCEWithLogitsLoss: sigmoid for logits"],
  ] as const) {
    it(`are followed into forward: ${loss} after ${last}`, () =>
      assert.deepEqual(pairs(trained(loss, last)), [expected]));
  }

  it("are followed through modules, wrappers, parameters and Sequential", () => {
    const layers = "self.net = nn.Sequential(nn.Linear(8, 3), nn.Softmax(dim=1))";
    assert.deepEqual(pairs(trained("nn.CrossEntropyLoss()", "return self.net(x)", layers)), [
      "CrossEntropyLoss: softmax for logits",
    ]);
    const wrapped = [
      ...torch,
      ...net("return torch.sigmoid(self.fc(x))"),
      "model = Net().to(device)",
      "model = nn.DataParallel(model)",
      "def train(net, loss_fn):",
      "    return loss_fn(net(x), y)",
      "train(model, nn.BCEWithLogitsLoss(reduction='sum'))",
    ].join("\n");
    assert.deepEqual(pairs(wrapped), ["BCEWithLogitsLoss: sigmoid for logits"]);
  });

  for (const [why, code] of [
    ["the model comes from elsewhere", [...torch, "model = build()", "loss = F.cross_entropy(model(x), y)"]],
    [
      "two models can be meant",
      [
        ...torch,
        ...net("return F.softmax(self.fc(x), dim=1)"),
        "model = Net()",
        "if args.other:",
        "    model = build()",
        "loss = F.cross_entropy(model(x), y)",
      ],
    ],
    [
      "training and evaluation differ",
      [
        ...torch,
        ...net("return self.fc(x) if self.training else F.softmax(self.fc(x), dim=1)"),
        "model = Net()",
        "loss = F.cross_entropy(model(x), y)",
      ],
    ],
    [
      "the name is the loss's input before and the probabilities after",
      [
        ...torch,
        "model = nn.Linear(8, 3)",
        "for x, y in data:",
        "    out = model(x)",
        "    loss = F.cross_entropy(out, y)",
        "    out = F.softmax(out, dim=1)",
      ],
    ],
    ["the output is one of several", [...torch, "out, state = model(x)", "loss = F.cross_entropy(out, y)"]],
    [
      "another class of the name is meant",
      [...torch, "from mine import CrossEntropyLoss", "loss = CrossEntropyLoss()(F.softmax(x, 1), y)"],
    ],
  ] as const) {
    it(`say nothing when ${why}`, () => assert.deepEqual(pairs(code.join("\n")), []));
  }
});

describe("loss calls of Keras", () => {
  const head = ["import keras", "from keras import layers"];
  const compiled = (loss: string, ...model: readonly string[]) =>
    pairs([...head, ...model, `model.compile(optimizer="adam", loss=${loss})`].join("\n"));
  const functional = (last: string) => [
    "i = keras.Input((8,))",
    "x = layers.Dense(8)(i)",
    `x = ${last}(x)`,
    "model = keras.Model(i, x)",
  ];

  it("are read from a list, from additions and from functional code", () => {
    const expected = ["categorical_crossentropy: softmax for probabilities"];
    const last = "layers.Dense(3, activation='softmax')";
    assert.deepEqual(
      compiled("'categorical_crossentropy'", `model = keras.Sequential([layers.Dense(8), ${last}])`),
      expected,
    );
    assert.deepEqual(
      compiled("'categorical_crossentropy'", "model = keras.Sequential()", `model.add(${last})`),
      expected,
    );
    assert.deepEqual(compiled("'categorical_crossentropy'", ...functional(last)), expected);
    assert.deepEqual(compiled("keras.losses.categorical_crossentropy", ...functional("layers.Softmax()")), expected);
  });

  it("know from_logits, and layers without an activation", () => {
    const name = "SparseCategoricalCrossentropy";
    assert.deepEqual(compiled(`keras.losses.${name}(from_logits=True)`, ...functional("layers.Dense(3)")), [
      `${name}: none for logits`,
    ]);
    assert.deepEqual(compiled(`keras.losses.${name}()`, ...functional("layers.Dense(3, activation='linear')")), [
      `${name}: none for probabilities`,
    ]);
  });

  it("say nothing of other losses, several outputs, unread layers, and layers added in a branch", () => {
    assert.deepEqual(compiled("'mse'", ...functional("layers.Dense(3)")), []);
    assert.deepEqual(compiled("loss", ...functional("layers.Dense(3)")), []);
    assert.deepEqual(compiled("'binary_crossentropy'", ...functional("Head(3)")), []);
    assert.deepEqual(compiled("'binary_crossentropy'", ...functional("layers.Dense(1, activation=act)")), []);
    const branch = ["model = keras.Sequential()", "if deep:", "    model.add(layers.Dense(1))"];
    assert.deepEqual(compiled("'binary_crossentropy'", ...branch), []);
    const two = ["i = keras.Input((8,))", "a = layers.Dense(1)(i)", "model = keras.Model(i, [a, a])"];
    assert.deepEqual(compiled("'binary_crossentropy'", ...two), []);
  });
});
