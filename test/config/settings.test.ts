import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { isExcluded } from "../../server/config/excludePattern.ts";
import { keyOffset } from "../../server/config/keyOffset.ts";
import { nearestHint } from "../../server/config/nearestName.ts";
import { type PresetName, severityUnder } from "../../server/config/preset.ts";
import { defaultSettings, showSettings } from "../../server/config/settings.ts";
import { settingsLayerOfFile, settingsLayersFor, settingsProblemText } from "../../server/config/settingsFiles.ts";
import { type KnownRule, type SettingsLayer, settingsFrom } from "../../server/config/settingsLayer.ts";

const rules: readonly KnownRule[] = [
  {
    name: "learning-rate-high",
    options: [{ name: "limit", type: "number", default: 0.01, minimum: 0, maximum: 1, description: "" }],
  },
  { name: "unstable-loss" },
];

function layer(values: unknown, origin = "editor"): SettingsLayer {
  return { origin, values, base: "/project", file: null };
}

describe("settings", () => {
  it("are the defaults where nothing is set", () => {
    assert.deepEqual(settingsFrom([], rules), { value: defaultSettings, problems: [] });
    assert.deepEqual(settingsFrom([layer(undefined)], rules).problems, []);
  });

  it("take the later layer key by key and rule by rule, and keep where each came from", () => {
    const { value, problems } = settingsFrom(
      [
        layer(
          {
            preset: "strict",
            baseline: "old.json",
            rules: { "unstable-loss": "off", "learning-rate-high": { severity: "hint", limit: 0.1 } },
          },
          "a",
        ),
        layer({ rules: { "unstable-loss": { severity: "error" }, "learning-rate-high": { limit: 0.05 } } }, "b"),
      ],
      rules,
    );
    assert.deepEqual(problems, []);
    assert.deepEqual(value.lint.rules, { "unstable-loss": "error", "learning-rate-high": "hint" });
    assert.deepEqual(value.lint.options, { "learning-rate-high": { limit: 0.05 } });
    assert.equal(value.lint.preset, "strict");
    assert.equal(value.lint.baseline, path.resolve("/project/old.json"));
    assert.equal(value.origins.get("rules.unstable-loss"), "b");
    assert.equal(value.origins.get("rules.learning-rate-high"), "a");
    assert.equal(value.origins.get("rules.learning-rate-high.limit"), "b");
    assert.equal(value.origins.get("preset"), "a");
    assert.equal(value.origins.get("exclude"), "default");
  });

  it("are shown with where each came from", () => {
    const { value } = settingsFrom(
      [layer({ rules: { "unstable-loss": "off", "learning-rate-high": { limit: 0.1 } } }, "command line")],
      rules,
    );
    assert.equal(
      showSettings(value),
      [
        'preset = "recommended"                # default',
        "exclude = []                          # default",
        "baseline = false                      # default",
        "logPatterns = []                      # default",
        'rules.unstable-loss = "off"           # command line',
        "rules.learning-rate-high.limit = 0.1  # command line",
        "",
      ].join("\n"),
    );
  });

  for (const [values, message] of [
    [3, "The settings of haywire must be a table"],
    [
      { ruels: {} },
      "There is no setting named ruels (did you mean rules?); there are preset, rules, exclude, baseline, logPatterns",
    ],
    [{ rules: "all" }, 'rules must be a table of rule names and severities, not "all"'],
    [
      { rules: { "learning-rate-hihg": "off" } },
      "There is no rule named learning-rate-hihg (did you mean learning-rate-high?)",
    ],
    [
      { rules: { "unstable-loss": "loud" } },
      'unstable-loss must be one of off, hint, info, warning, error, not "loud"',
    ],
    [{ preset: "stict" }, 'preset must be one of recommended, strict, all (did you mean strict?), not "stict"'],
    [
      { rules: { "learning-rate-high": { limmit: 1 } } },
      "The rule learning-rate-high has no option named limmit (did you mean limit?); it takes severity, limit",
    ],
    [
      { rules: { "unstable-loss": { limit: 1 } } },
      "The rule unstable-loss has no option named limit; it takes severity",
    ],
    [
      { rules: { "learning-rate-high": { limit: 2 } } },
      "limit of learning-rate-high must be a number from 0 to 1, not 2",
    ],
    [
      { rules: { "learning-rate-high": { severity: "waring" } } },
      'learning-rate-high must be one of off, hint, info, warning, error (did you mean warning?), not "waring"',
    ],
    [{ baseline: 3 }, "baseline must be a file's name or false, not 3"],
    [{ exclude: "tests" }, 'exclude must be a list of globs, not "tests"'],
    [{ exclude: [1n] }, 'exclude must be a list of globs, not ["1"]'],
  ] as const) {
    it(`complain and change nothing: ${message}`, () => {
      const { value, problems } = settingsFrom([layer(values)], rules);
      assert.deepEqual(problems, [{ path: "editor", message }]);
      assert.deepEqual(value.lint, defaultSettings.lint);
    });
  }
});

describe("settings files", () => {
  let root = "";
  const inner = () => path.join(root, "packages", "vision");
  before(async () => {
    root = await mkdtemp(path.join(tmpdir(), "haywire-settings-"));
    await mkdir(inner(), { recursive: true });
    await writeFile(
      path.join(root, "pyproject.toml"),
      '[project]\nname = "x"\n\n[tool.haywire]\npreset = "strict"\n\n[tool.haywire.rules]\nunstable-loss = "off"\nnonsense = "off"\n',
    );
    await writeFile(path.join(root, "haywire.toml"), 'preset = "all"\n');
    await writeFile(path.join(inner(), "pyproject.toml"), '[project]\nname = "y"\n');
    await writeFile(path.join(inner(), "haywire.toml"), 'exclude = ["old"]\n\n[rules]\nunstable-loss = "error"\n');
  });
  after(() => rm(root, { recursive: true, force: true }));

  it("are found upward, the nearest last; pyproject.toml stands before haywire.toml where it speaks of haywire", async () => {
    const { value: layers, problems } = await settingsLayersFor(inner(), root);
    assert.deepEqual(problems, []);
    assert.deepEqual(
      layers.map(({ origin }) => path.relative(root, origin)),
      ["pyproject.toml", path.join("packages", "vision", "haywire.toml")],
    );
    const { value, problems: wrong } = settingsFrom(layers, rules);
    assert.equal(value.lint.preset, "strict");
    assert.deepEqual(value.lint.rules, { "unstable-loss": "error" });
    assert.deepEqual(value.lint.exclude, [{ glob: "old", base: inner() }]);
    assert.equal(value.origins.get("rules.unstable-loss"), `${path.join(inner(), "haywire.toml")}:4`);
    assert.equal(value.origins.get("preset"), `${path.join(root, "pyproject.toml")}:5`);
    const [problem] = wrong;
    assert.equal(problem?.path, path.join(root, "pyproject.toml"));
    const text = layers[0]?.file?.text ?? "";
    assert.ok(text.slice(problem?.offset).startsWith("nonsense"));
    const place = `${path.join(root, "pyproject.toml")}:9`;
    assert.equal(problem && (await settingsProblemText(problem)), `${place}: There is no rule named nonsense`);
  });

  it("that are not TOML are a problem with its place, and the others hold", async () => {
    const folder = path.join(root, "broken");
    await mkdir(folder);
    await writeFile(path.join(folder, "haywire.toml"), "exclude = []\nrules = = 3\n");
    const { value, problems } = await settingsLayersFor(folder, root);
    assert.equal(value.length, 1);
    assert.equal(problems.length, 1);
    assert.equal(problems[0]?.path, path.join(folder, "haywire.toml"));
    assert.match(problems[0]?.message ?? "", /^This is not valid TOML: /);
    assert.ok((problems[0]?.offset ?? 0) >= 13);
  });

  it("name the file of accepted findings where it lies beside the code, and may switch it off", async () => {
    const folder = path.join(root, "accepted");
    await mkdir(folder);
    await writeFile(path.join(folder, "haywire-baseline.json"), "{}");
    const found = await settingsLayersFor(folder, root);
    const { lint, origins } = settingsFrom(found.value, rules).value;
    assert.equal(lint.baseline, path.join(folder, "haywire-baseline.json"));
    assert.equal(origins.get("baseline"), path.join(folder, "haywire-baseline.json"));
    await writeFile(path.join(folder, "haywire.toml"), "baseline = false\n");
    assert.equal(settingsFrom((await settingsLayersFor(folder, root)).value, rules).value.lint.baseline, null);
  });

  it("named outright must be there", async () => {
    const file = path.join(root, "absent.toml");
    const { value, problems } = await settingsLayerOfFile(file);
    assert.equal(value, null);
    assert.equal(problems[0]?.path, file);
  });
});

describe("a mistaken name", () => {
  it("is led to the nearest one, by letters or by words", () => {
    const names = ["no-warmup", "learning-rate-high", "clip-misplaced", "clip-ineffective"];
    assert.equal(nearestHint("no-warm-up", names), " (did you mean no-warmup?)");
    assert.equal(nearestHint("high-learning-rate", names), " (did you mean learning-rate-high?)");
    assert.equal(nearestHint("clip-missplaced", names), " (did you mean clip-misplaced?)");
    assert.equal(nearestHint("prefer-const", names), "");
  });
});

describe("presets", () => {
  it("raise what is mild, each more than the one before, and never lower", () => {
    const severities = ["hint", "info", "warning", "error"] as const;
    const under = (preset: PresetName) => severities.map((severity) => severityUnder(preset, severity));
    assert.deepEqual(under("recommended"), severities);
    assert.deepEqual(under("strict"), ["hint", "warning", "warning", "error"]);
    assert.deepEqual(under("all"), ["warning", "warning", "warning", "error"]);
  });
});

describe("the place of a key", () => {
  const text = 'a = 1\n[tool.haywire]\nb = 2\nrules = { x = "off" }\n[tool."haywire".more]\nc = 3\n[other]\nb = 4\n';
  it("is that of the line that sets it in its table", () => {
    assert.equal(keyOffset(text, "tool.haywire", "b"), text.indexOf("b = 2"));
    assert.equal(keyOffset(text, "tool.haywire.more", "c"), text.indexOf("c = 3"));
    assert.equal(keyOffset(text, "", "a"), 0);
  });
  it("is that of the table written inline around it", () => {
    assert.equal(keyOffset(text, "tool.haywire.rules", "x"), text.indexOf("rules ="));
  });
  it("is null for a key that is not there", () => {
    assert.equal(keyOffset(text, "tool.haywire", "d"), null);
  });
});

describe("exclude globs", () => {
  const excluded = (glob: string, file: string) => isExcluded(`/p/${file}`, [{ glob, base: "/p" }]);
  it("without a slash hold at any depth, for files and for all in a folder", () => {
    assert.ok(excluded("old", "old/train.py"));
    assert.ok(excluded("old", "a/old/b/train.py"));
    assert.ok(excluded("*_test.py", "a/x_test.py"));
    assert.ok(!excluded("old", "older/train.py"));
  });
  it("with a slash hold from the folder of their file", () => {
    assert.ok(excluded("a/*.py", "a/x.py"));
    assert.ok(!excluded("a/*.py", "b/a/x.py"));
    assert.ok(!excluded("a/*.py", "a/b/x.py"));
    assert.ok(excluded("a/**/x.py", "a/b/c/x.py"));
    assert.ok(excluded("a/**/x.py", "a/x.py"));
    assert.ok(excluded("./a/", "a/b.py"));
  });
  it("choose by braces and take other signs as they are", () => {
    assert.ok(excluded("*.{py,ts}", "a.ts"));
    assert.ok(excluded("a+b(1).py", "a+b(1).py"));
    assert.ok(!excluded("a.py", "aXpy"));
    assert.ok(excluded("a{b", "a{b"));
  });
  it("never hold outside their folder", () => {
    assert.ok(!isExcluded("/q/old/x.py", [{ glob: "old", base: "/p" }]));
  });
});
