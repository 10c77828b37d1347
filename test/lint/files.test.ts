import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { findSources } from "../../server/lint/findSources.ts";
import { changedTextsAtHead, textAtRevision } from "../../server/lint/gitBaseline.ts";
import { libraryVersionsFor } from "../../server/lint/libraryVersions.ts";
import { ruleMarkdown } from "../../server/lint/ruleDocuments.ts";

let root = "";

async function write(name: string, text = ""): Promise<string> {
  const file = path.join(root, name);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, text);
  return file;
}

function git(...options: string[]): void {
  const identity = ["-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false"];
  execFileSync("git", [...identity, ...options], { cwd: root, stdio: "ignore" });
}

async function found(folder = "."): Promise<readonly string[]> {
  const { value } = await findSources([path.join(root, folder)], []);
  return value.map((file) => path.relative(root, file).split(path.sep).join("/"));
}

for (const isRepository of [false, true]) {
  describe(`finding sources ${isRepository ? "in a git repository" : "outside a repository"}`, () => {
    before(async () => {
      root = await realpath(await mkdtemp(path.join(tmpdir(), "haywire-files-")));
      if (isRepository) git("init", "-q");
      for (const name of ["a.py", "b.ipynb", "sub/c.ts", "sub/d.MJS", "sub/e.tsx", "notes.md", "types.d.ts"])
        await write(name);
      await write("sub/ds_config.json", "{}");
      await write("sub/trainer.yaml");
      await write("sub/data.json", " ".repeat(65 * 1024));
      for (const name of ["node_modules/x.js", ".venv/y.py", "dist/z.js", "myenv/lib/w.py", "other/lib/v.py"])
        await write(name);
      for (const name of ["myenv", "other"]) await write(`${name}/pyvenv.cfg`);
      if (isRepository) {
        await write(".gitignore", "myenv/\nignored.py\n");
        await write("ignored.py");
        git("add", "a.py");
      }
    });
    after(() => rm(root, { recursive: true, force: true }));

    it("takes code and small configurations, sorted, without installed, built, hidden and ignored files", async () => {
      const inside = ["sub/c.ts", "sub/d.MJS", "sub/ds_config.json", "sub/e.tsx", "sub/trainer.yaml"];
      assert.deepEqual(await found(), ["a.py", "b.ipynb", ...inside]);
      assert.deepEqual(await found("sub"), inside);
    });

    it("takes an ignored folder that is named", async () => {
      await write("ignored/f.py");
      if (isRepository) await write("ignored/.gitignore", "*");
      assert.deepEqual(await found("ignored"), ["ignored/f.py"]);
      await rm(path.join(root, "ignored"), { recursive: true });
    });

    it("leaves out what the settings exclude, but takes a file that is named", async () => {
      const exclude = [{ glob: "sub", base: root }];
      const named = path.join(root, "sub", "c.ts");
      const { value } = await findSources([root, named], exclude);
      assert.deepEqual(value, [path.join(root, "a.py"), path.join(root, "b.ipynb"), named]);
    });

    it("takes each file once, and says which path is not there", async () => {
      const file = path.join(root, "a.py");
      const absent = path.join(root, "absent.py");
      const { value, problems } = await findSources([file, absent, file], []);
      assert.deepEqual(value, [file]);
      assert.deepEqual(problems, [{ path: absent, message: "There is no such file or folder" }]);
    });
  });
}

describe("the text at a revision", () => {
  before(async () => {
    root = await mkdtemp(path.join(tmpdir(), "haywire-git-"));
  });
  after(() => rm(root, { recursive: true, force: true }));

  it("is that of the last commit; null outside a repository, before it and for a new file", async () => {
    const file = await write("in a folder/train me.py", "lr = 1e-3\n");
    assert.equal(await textAtRevision(file), null);
    git("init", "-q");
    assert.equal(await textAtRevision(file), null);
    git("add", ".");
    git("commit", "-q", "-m", "one");
    await write("in a folder/train me.py", "lr = 1\n");
    assert.equal(await textAtRevision(file), "lr = 1e-3\n");
    assert.equal(await textAtRevision(await write("new.py", "")), null);
    assert.equal(await textAtRevision(path.join(root, "absent", "x.py")), null);
  });

  it("takes no option or path in place of a revision", async () => {
    const file = path.join(root, "in a folder", "train me.py");
    assert.equal(await textAtRevision(file, "--version"), null);
    assert.equal(await textAtRevision(file, "HEAD:other"), null);
    assert.equal(await textAtRevision(file, "nonsense"), null);
  });

  it("is asked for many files at once: those that differ, whatever their names and line ends", async () => {
    const names = ["same.py", "a b.py", "é.py", "sub/crlf.py"];
    for (const name of names) await write(name, `# ${name}\r\nlr = 1e-3\n`);
    git("add", ".");
    git("commit", "-q", "-m", "two");
    const files = await Promise.all(
      [...names, "added.py"].map(async (name) => {
        const text = name === "same.py" ? `# ${name}\r\nlr = 1e-3\n` : "lr = 2\n";
        return { file: await write(name, text), bytes: Buffer.from(text) };
      }),
    );
    const texts = await changedTextsAtHead(files);
    const changed = names.slice(1).map((name) => [path.join(root, name), `# ${name}\r\nlr = 1e-3\n`] as const);
    assert.deepEqual([...texts], changed);
    for (const [file, text] of changed) assert.equal(await textAtRevision(file), text);
    assert.deepEqual([...(await changedTextsAtHead([{ file: "/nowhere/x.py", bytes: Buffer.from("") }]))], []);
  });

  it("runs no program that the repository's settings name", async () => {
    const mark = path.join(root, "was-run");
    git("config", "core.fsmonitor", `touch "${mark}"; false`);
    await findSources([root], []);
    await textAtRevision(path.join(root, "in a folder", "train me.py"));
    const { problems } = await findSources([mark], []);
    assert.equal(problems.length, 1);
  });
});

describe("pinned library versions", () => {
  before(async () => {
    root = await mkdtemp(path.join(tmpdir(), "haywire-versions-"));
    await write("requirements.txt", "numpy\ntorch==2.1.0+cu118  # pinned\ntorchvision==0.9\n");
    await write("poetry/pyproject.toml", '[tool.poetry.dependencies]\ntorch = "^2.6"\n');
    await write("project/pyproject.toml", '[project]\ndependencies = ["torch>=2.4,<3", "torchvision"]\n');
    await write("conda/environment.yml", "dependencies:\n  - pytorch=2.2\n  - pip:\n    - torchvision==1\n");
    await write("flow/environment.yaml", 'name: {a: b}\ndependencies: [python, "pytorch=2.3 "]\n');
    await write("torn/environment.yml", "dependencies: [pytorch=2.2\n  - x: :\n");
    await write("web/package.json", '{"dependencies": {"@tensorflow/tfjs": "^4.10.0"}}');
    await write("locked/package.json", '{"dependencies": {"@tensorflow/tfjs": "^4.10.0"}}');
    await write("locked/package-lock.json", '{"packages": {"node_modules/@tensorflow/tfjs": {"version": "4.22.0"}}}');
    await write("loose/pyproject.toml", '[project]\ndependencies = ["torch<3"]\n');
    await write("broken/pyproject.toml", "= torch");
    await write("dated/pyproject.toml", '[tool.uv]\nexclude-newer-package = { torch = "2099-01-01" }\n');
    await write(
      "setup/setup.py",
      'setup(name="x", install_requires=["torch>=2.0", "transformers[torch] ~= 4.44", "numpy"])',
    );
    await write("cfg/setup.cfg", "[options]\ninstall_requires =\n    tensorflow-gpu==2.9.1\n    keras>=2.9\n");
    await write("split/requirements/base.txt", "jax==0.4.30\noptax>=0.2.2\n");
    await write("uv/uv.lock", '[[package]]\nname = "torch"\nversion = "2.7.1"\nsource = "x"\n');
    await write("uv/pyproject.toml", '[project]\ndependencies = ["torch>=2.4", "accelerate>=0.30"]\n');
    await write("pipenv/Pipfile", '[packages]\ntorch = "*"\nlightning = {version = ">=2.2", extras = ["x"]}\n');
    await write("pipenv/Pipfile.lock", '{"default": {"torch": {"hashes": [], "version": "==2.5.1"}}}');
    await write("yarn/yarn.lock", '"@tensorflow/tfjs@^4.0.0":\n  version "4.21.0"\n');
  });
  after(() => rm(root, { recursive: true, force: true }));

  for (const [folder, versions] of [
    [".", { torch: "2.1.0" }],
    ["poetry/src", { torch: "2.6" }],
    ["project", { torch: "2.4" }],
    ["conda", { torch: "2.2" }],
    ["flow", { torch: "2.3" }],
    ["torn", { torch: "2.1.0" }],
    ["web", { torch: "2.1.0", "@tensorflow/tfjs": "4.10.0" }],
    ["locked", { torch: "2.1.0", "@tensorflow/tfjs": "4.22.0" }],
    ["setup", { torch: "2.0", transformers: "4.44" }],
    ["cfg", { torch: "2.1.0", tensorflow: "2.9.1", keras: "2.9" }],
    ["split", { torch: "2.1.0", jax: "0.4.30", optax: "0.2.2" }],
    ["uv/src", { torch: "2.7.1", accelerate: "0.30" }],
    ["pipenv", { torch: "2.5.1", lightning: "2.2" }],
    ["yarn", { torch: "2.1.0", "@tensorflow/tfjs": "4.21.0" }],
    ["loose", { torch: "2.1.0" }],
    ["broken", { torch: "2.1.0" }],
    ["dated", { torch: "2.1.0" }],
  ] as const) {
    it(`are read from the nearest folder that pins one: ${folder}`, async () => {
      assert.deepEqual(Object.fromEntries(await libraryVersionsFor(path.join(root, folder, "train.py"))), versions);
    });
  }
});

describe("rule documents", () => {
  it("are found by name, and null for others", async () => {
    assert.match((await ruleMarkdown("unused-suppression")) ?? "", /^# unused-suppression\n/);
    assert.equal(await ruleMarkdown("../rules/unused-suppression"), null);
  });
});
