import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { trainingCodeInBytes } from "../../server/lint/trainingCode.ts";
import { parseRuleDocument } from "../../server/rules/ruleDocument.ts";

const folder = new URL("../../server/rules/", import.meta.url);
const trainingCodeIn = (file: string, text: string) => trainingCodeInBytes(file, Buffer.from(text));

describe("a look at a file's bytes", () => {
  for (const name of readdirSync(folder).filter((each) => each.endsWith(".md"))) {
    // Changed settings are told by comparing with git's text, whatever else the file holds.
    if (name === "many-hyperparameters-changed.md") continue;
    it(`finds training code in every invalid example of ${name}`, () => {
      const { examples } = parseRuleDocument(readFileSync(new URL(name, folder), "utf8"));
      for (const { kind, language, code, line } of examples) {
        if (kind !== "invalid") continue;
        const file = `train.${language}`;
        assert.equal(trainingCodeIn(file, code), "training", `line ${line}: the framework's needs lack a word of it`);
      }
    });
  }

  it("leaves out what names no framework, and tells apart what names one and does not train", () => {
    assert.equal(trainingCodeIn("a.py", "import numpy as np\n"), "none");
    assert.equal(trainingCodeIn("a.py", "import torch\nx = torch.zeros(3)\n"), "mention");
    assert.equal(trainingCodeIn("a.py", "import torch\nloss.backward ()\n"), "training");
    assert.equal(trainingCodeIn("a.ts", "import torch\nloss.backward()\n"), "none");
  });

  it("takes attention for no last activation before a loss", () => {
    const model = (line: string) => `import torch\n${line}\nloss = F.cross_entropy(logits, labels)\n`;
    assert.equal(trainingCodeIn("a.py", model("w = F.softmax(attn_weights, dim=-1)")), "mention");
    assert.equal(trainingCodeIn("a.py", model("logits = F.softmax(self.head(x), dim=-1)")), "training");
    assert.equal(trainingCodeIn("a.py", model("self.out = nn.Sequential(nn.Linear(4, 2), nn.Sigmoid())")), "training");
  });

  it("leaves to decoding what decoding speaks of: other encodings, binary and large files, notebooks", () => {
    assert.equal(trainingCodeInBytes("a.py", Buffer.from([0x78, 0xe9])), "training");
    assert.equal(trainingCodeInBytes("a.py", Buffer.from("\uFEFFx", "utf16le")), "training");
    assert.equal(trainingCodeInBytes("a.py", Buffer.from([0x78, 0])), "training");
    assert.equal(trainingCodeInBytes("a.py", Buffer.alloc(6 * 1024 * 1024, 0x20)), "training");
    assert.equal(trainingCodeInBytes("a.ipynb", Buffer.from("{}")), "training");
  });

  it("reads a comment that may silence nothing", () => {
    assert.equal(trainingCodeIn("a.py", "import torch  # haywire: ignore[learning-rate-high]\n"), "training");
  });
});
