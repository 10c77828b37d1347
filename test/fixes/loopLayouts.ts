import fc from "fast-check";

/** One way to lay out a training loop; all of them train alike. */
export interface Layout {
  readonly indentation: "    " | "  " | "\t";
  readonly lineEnd: "\n" | "\r\n";
  readonly quote: '"' | "'";
  readonly around: readonly ("with torch.enable_grad():" | "if model is not None:" | "for _ in range(1):" | "try:")[];
  readonly place: "module" | "function" | "decorated function" | "method";
  readonly accumulation: boolean;
  readonly scaler: boolean;
  readonly optimizers: 1 | 2;
  readonly comments: readonly boolean[];
  readonly continued: "backslash" | "brackets" | "no";
  readonly zeroed: "before" | "after";
  readonly clipImport: string | null;
}

export const clipImports = [
  "from torch.nn.utils import clip_grad_norm_",
  "from torch.nn.utils import clip_grad_norm_ as limit_norm",
  "import torch.nn.utils as nn_utils",
] as const;

export const layouts: fc.Arbitrary<Layout> = fc.record({
  indentation: fc.constantFrom("    ", "  ", "\t"),
  lineEnd: fc.constantFrom("\n", "\r\n"),
  quote: fc.constantFrom('"', "'"),
  around: fc.array(
    fc.constantFrom("with torch.enable_grad():", "if model is not None:", "for _ in range(1):", "try:"),
    { maxLength: 2 },
  ),
  place: fc.constantFrom("module", "function", "decorated function", "method"),
  accumulation: fc.boolean(),
  scaler: fc.boolean(),
  optimizers: fc.constantFrom(1, 2),
  comments: fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }),
  continued: fc.constantFrom("backslash", "brackets", "no"),
  zeroed: fc.constantFrom("before", "after"),
  clipImport: fc.constantFrom(null, ...clipImports),
});

type Lines = readonly string[];

/** The script of a layout: an LSTM and a head, whose first gradient is far above 1. */
export function scriptOf(layout: Layout): string {
  const { indentation, quote, place, optimizers } = layout;
  const owner = place === "method" ? "self." : "";
  const indented = (lines: Lines) => lines.map((line) => (line === "" ? "" : indentation + line));
  const built = [
    `${owner}model = nn.LSTM(4, 8, batch_first=True)`,
    `${owner}head = nn.Linear(8, 1)`,
    optimizers === 1
      ? `${owner}optimizer = torch.optim.Adam([*${owner}model.parameters(), *${owner}head.parameters()], lr=1e-3)`
      : `${owner}optimizer = torch.optim.Adam(${owner}model.parameters(), lr=1e-3)`,
    ...(optimizers === 1 ? [] : [`${owner}head_optimizer = torch.optim.Adam(${owner}head.parameters(), lr=1e-3)`]),
    ...(layout.scaler ? [`${owner}scaler = torch.amp.GradScaler(${quote}cpu${quote}, init_scale=256.0)`] : []),
  ];
  const loop = loopOf(layout, owner, indented);
  const head = [
    "import functools",
    "",
    "import torch",
    "from torch import nn",
    ...(layout.clipImport === null ? [] : [layout.clipImport]),
    "",
    "torch.manual_seed(0)",
    "batches = [torch.randn(6, 5, 4) for _ in range(4)]",
    "",
  ];
  const parts: Readonly<Record<Layout["place"], Lines>> = {
    module: [...head, ...built, "", ...loop],
    function: [...head, ...built, "", "", "def train():", ...indented(loop), "", "", "train()"],
    "decorated function": [
      ...head,
      ...built,
      "",
      "",
      "@functools.lru_cache(maxsize=None)",
      "def train(epochs=1):",
      ...indented(loop),
      "",
      "",
      "train()",
    ],
    method: [
      ...head,
      "",
      "class Trainer:",
      ...indented(["def __init__(self):", ...indented(built), "", "def train(self):", ...indented(loop)]),
      "",
      "",
      "Trainer().train()",
    ],
  };
  return parts[place].join(layout.lineEnd) + layout.lineEnd;
}

function loopOf(layout: Layout, owner: string, indented: (lines: Lines) => Lines): Lines {
  const { comments, optimizers, quote } = layout;
  const comment = (index: number, text: string): Lines => (comments[index] ? [`# ${text}`] : []);
  const all = optimizers === 1 ? [`${owner}optimizer`] : [`${owner}optimizer`, `${owner}head_optimizer`];
  const zero = all.map((name) => `${name}.zero_grad()`);
  const step = [
    ...comment(4, "the step"),
    ...all.map((name) => (layout.scaler ? `${owner}scaler.step(${name})` : `${name}.step()`)),
    ...(layout.scaler ? [`${owner}scaler.update()`] : []),
  ];
  const target = "torch.zeros(6, 5, 1)";
  const output = `${owner}head(output) * 60`;
  const loss: Readonly<Record<Layout["continued"], Lines>> = {
    no: [`loss = nn.functional.mse_loss(${output}, ${target})`],
    backslash: ["loss = \\", `    nn.functional.mse_loss(${output}, ${target})`],
    brackets: ["loss = nn.functional.mse_loss(", `    ${output},  # outputs`, `    ${target},`, ")"],
  };
  const every = layout.accumulation ? 2 : 1;
  const taken = layout.zeroed === "after" || layout.accumulation ? [...step, ...zero] : step;
  const body = [
    ...(layout.zeroed === "before" && !layout.accumulation ? zero : []),
    ...comment(0, "forward"),
    `output, _ = ${owner}model(batch)`,
    ...(comments[1] ? [""] : []),
    ...loss[layout.continued],
    ...(every === 1 ? [] : [`loss = loss / ${every}  # the mean over micro-batches`]),
    ...comment(2, `backward ${quote}pass${quote}`),
    layout.scaler ? `${owner}scaler.scale(loss).backward()` : "loss.backward()",
    ...(comments[3] ? [""] : []),
    ...(every === 1 ? taken : [`if (index + 1) % ${every} == 0:`, ...indented(taken)]),
  ];
  let lines: Lines = ["for index, batch in enumerate(batches):", ...indented(body)];
  for (const around of layout.around) {
    const opened = around.replace("model", `${owner}model`);
    const rest = around === "try:" ? ["finally:", ...indented(["pass"])] : [];
    lines = [opened, ...indented(lines), ...rest];
  }
  return lines;
}
