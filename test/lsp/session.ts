import assert from "node:assert/strict";
import { after } from "node:test";
import type { CodeAction, Diagnostic } from "vscode-languageserver/node";
import { type ClientOptions, startClient, type TestClient } from "./client.ts";

/** Trains with a loss that keeps its graph (safe fix) and a learning rate that is high for Adam (unsafe fix). */
export const script = `import torch

model = torch.nn.Linear(2, 1)
optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
total = 0
for x, y in loader:
    optimizer.zero_grad()
    loss = torch.nn.functional.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()
    total += loss
print(total)
`;
export const uri = "file:///nowhere/train.py";

const clients: TestClient[] = [];
after(() => {
  for (const client of clients) client.close();
});

/** A client that is closed when the test file ends. */
export async function connect(options?: ClientOptions): Promise<TestClient> {
  const client = await startClient(options);
  clients.push(client);
  return client;
}

export const codes = (diagnostics: readonly Diagnostic[]) => diagnostics.map((each) => each.code);
/** Accepts a publication with a finding of this rule. */
export const has = (code: string) => (params: { diagnostics: readonly Diagnostic[] }) =>
  codes(params.diagnostics).includes(code);

export async function actionsAt(client: TestClient, of: string, diagnostic: Diagnostic, only?: string[]) {
  const actions: CodeAction[] = await client.connection.sendRequest("textDocument/codeAction", {
    textDocument: { uri: of },
    range: diagnostic.range,
    context: { diagnostics: [diagnostic], ...(only ? { only } : {}) },
  });
  return actions;
}

/** The one that fits, else a failure that shows all. */
export function find<T>(list: readonly T[], accepts: (item: T) => boolean): T {
  const found = list.find(accepts);
  assert.ok(found, `nothing fits among ${JSON.stringify(list, null, 1)}`);
  return found;
}
