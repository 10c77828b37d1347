import assert from "node:assert/strict";
import { appendFile, mkdtemp, rename, rm, truncate, unlink, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { followFile } from "../../server/logs/followFile.ts";

/** What a writer does to its log: bytes behind the last ones, or something that happens to the file. */
const happening = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("write" as const), size: fc.integer({ min: 1, max: 400 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("large" as const), size: fc.integer({ min: 2_000, max: 90_000 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom("rotate" as const, "recreate" as const, "truncate" as const, "clock" as const),
      // At least a line: of a log that is cut and written on with the byte that it held, nothing tells.
      size: fc.integer({ min: 60, max: 400 }),
    }),
  },
);

test("no byte is lost or doubled while a log grows, is rotated, made anew, cut, and clocks jump", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(happening, { minLength: 1, maxLength: 12 }), fc.integer(), async (happenings, seed) => {
      const folder = await mkdtemp(join(tmpdir(), "haywire-growing-"));
      const path = join(folder, "train.log");
      let written = "";
      let got = "";
      /** Lines that differ, as a run's do: a file made anew is told from one that was begun again by its first line. */
      const more = (size: number): string => {
        let text = "";
        while (text.length < size)
          text += `step ${written.length + text.length} loss ${Math.abs(Math.sin(seed + text.length))}\n`;
        const piece = text.slice(0, size);
        written += piece;
        return piece;
      };
      await appendFile(path, more(50));
      const sink = {
        onBytes: (bytes: Uint8Array) => {
          got += Buffer.from(bytes).toString("latin1");
        },
        onChange: () => {},
      };
      const follower = followFile(path, sink, { pollInterval: 10, settleTime: 5 });
      const seen = async () => {
        const end = Date.now() + 5_000;
        while (got.length < written.length && Date.now() < end)
          await follower.look().then(() => new Promise((resolve) => setTimeout(resolve, 2)));
      };
      try {
        await seen();
        for (const { kind, size } of happenings) {
          if (kind === "rotate" || kind === "recreate") {
            // The last bytes before it are read through the open file.
            await appendFile(path, more(30));
            await (kind === "rotate" ? rename(path, `${path}.1`) : unlink(path));
            await appendFile(path, more(size));
            await seen();
          } else if (kind === "truncate") {
            // What has not been read when a log is cut cannot be had any more.
            await seen();
            await truncate(path, 0);
            await follower.look();
            await appendFile(path, more(size));
            await seen();
          } else {
            await appendFile(path, more(size));
            if (kind === "clock") await utimes(path, 1, size % 2 === 0 ? 1 : 4_000_000_000);
          }
        }
        await seen();
        assert.equal(got, written);
      } finally {
        await follower.close();
        await rm(folder, { recursive: true, force: true });
      }
    }),
    { numRuns: 25 },
  );
});
