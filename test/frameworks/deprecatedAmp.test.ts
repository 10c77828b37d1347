import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { currentAmp } from "../../server/frameworks/pytorchDeprecatedAmp.ts";
import { applied, factsOf, present } from "./readFacts.ts";

function rewritten(text: string): string | null {
  const facts = factsOf(text);
  const draft = currentAmp({ text, facts }, present(facts.deprecatedAmp[0], "a finding"));
  return draft === null ? null : applied(text, draft.edits);
}

describe("old spellings of mixed precision", () => {
  it("keep what their positional arguments mean", () => {
    assert.equal(
      rewritten("import torch\nwith torch.cuda.amp.autocast(use, torch.bfloat16, False):\n    step()\n"),
      'import torch\nwith torch.amp.autocast("cuda", enabled=use, dtype=torch.bfloat16, cache_enabled=False):\n    step()\n',
    );
    assert.equal(
      rewritten("import torch\nscaler = torch.cuda.amp.GradScaler(\n    2.0**10,\n    growth_interval=100,\n)\n"),
      'import torch\nscaler = torch.amp.GradScaler("cuda",\n    2.0**10,\n    growth_interval=100,\n)\n',
    );
  });

  it("are rewritten together with the import that brings them", () => {
    assert.equal(
      rewritten(
        "import torch\nfrom torch.cuda import amp\n\nscaler = amp.GradScaler()\nwith amp.autocast():\n    step()\n",
      ),
      'import torch\nfrom torch import amp\n\nscaler = amp.GradScaler("cuda")\nwith amp.autocast("cuda"):\n    step()\n',
    );
    assert.equal(
      rewritten("from torch.cuda.amp import autocast as cast\n\nwith cast(False):\n    step()\n"),
      'from torch.amp import autocast as cast\n\nwith cast("cuda", enabled=False):\n    step()\n',
    );
  });

  it("are told of without a fix where not every use is read", () => {
    assert.equal(rewritten("import torch\ntorch.cuda.amp.autocast(**options)\n"), null);
    const passedOn = "from torch.cuda.amp import autocast\n\nrun(autocast)\nwith autocast():\n    step()\n";
    assert.equal(rewritten(passedOn), null);
    const more = "from torch.cuda.amp import autocast, custom_fwd\n\nwith autocast():\n    step()\n";
    assert.equal(rewritten(more), null);
  });

  it("are right for the torch that is pinned", () => {
    const code = "import torch\nscaler = torch.cuda.amp.GradScaler()\n";
    assert.deepEqual(factsOf(code, { torch: "2.3.1" }).deprecatedAmp, []);
    assert.deepEqual(factsOf(code, { torch: "1.13" }).deprecatedAmp, []);
    assert.equal(factsOf(code, { torch: "2.4.0" }).deprecatedAmp.length, 1);
  });

  it("are left where the file falls back to them", () => {
    const code =
      "import torch\ntry:\n    scaler = torch.amp.GradScaler(device=device)\nexcept (AttributeError, TypeError):\n    scaler = torch.cuda.amp.GradScaler()\n";
    assert.deepEqual(factsOf(code).deprecatedAmp, []);
  });
});
