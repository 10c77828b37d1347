import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decodeText, type Encoding, encodeText, largestSource } from "../../server/text/decode.ts";

const encodings = fc.constantFrom<Encoding>("utf-8", "utf-16le", "utf-16be");

test("reads back what it wrote, with its byte order mark and line ends", () => {
  const text = fc.string({ unit: "grapheme" }).filter((value) => !value.includes("\0") && !value.startsWith("\uFEFF"));
  fc.assert(
    fc.property(text, encodings, (content, encoding) => {
      const source = { text: `lr = 1\r\n${content}\r`, encoding, bom: true };
      const { value, problems } = decodeText("train.py", encodeText(source));
      assert.deepEqual({ value, problems }, { value: { ...source, binary: false }, problems: [] });
    }),
  );
});

test("tells UTF-16 without a mark by its zero bytes", () => {
  for (const encoding of ["utf-16le", "utf-16be"] as const) {
    const bytes = encodeText({ text: "import torch\nlr = 1e-3\n", encoding, bom: false });
    const { value, problems } = decodeText("train.py", bytes);
    assert.deepEqual(value, { text: "import torch\nlr = 1e-3\n", encoding, bom: false, binary: false });
    assert.deepEqual(problems, []);
  }
});

test("writes any bytes back as they were unless it called them binary", () => {
  const chunk = fc.oneof(
    fc.uint8Array(),
    fc.string({ unit: "grapheme" }).map((text) => new TextEncoder().encode(text)),
  );
  fc.assert(
    fc.property(fc.array(chunk), (chunks) => {
      const bytes = Uint8Array.from(chunks.flatMap((part) => [...part]));
      const { value, problems } = decodeText("train.py", bytes);
      const isHalf = problems.some((problem) => problem.message.includes("half a character"));
      if (!value.binary && !isHalf) assert.deepEqual(encodeText(value), bytes);
    }),
  );
});

test("says once where UTF-8 breaks, and reads a character a byte", () => {
  const bytes = Uint8Array.from([...new TextEncoder().encode("# é\n"), 0x23, 0x20, 0xe9, 0x0a, 0xff]);
  const { value, problems } = decodeText("train.py", bytes);
  assert.equal(value.encoding, "latin1");
  assert.equal(value.text.length, bytes.length);
  assert.deepEqual(problems, [
    { path: "train.py", message: "The file is not valid UTF-8 from byte 7; it is read as Latin-1", offset: 7 },
  ]);
});

test("finds the first byte that is not UTF-8 where a strict decoder stops accepting a longer prefix", () => {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const accepts = (bytes: Uint8Array): boolean => {
    try {
      decoder.decode(bytes);
      return true;
    } catch {
      return false;
    }
  };
  const byte = fc.oneof(
    fc.integer({ min: 1, max: 255 }),
    fc.constantFrom(0xc3, 0xa9, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0x98, 0x80),
  );
  fc.assert(
    fc.property(fc.array(byte, { minLength: 4 }), (codes) => {
      const bytes = Uint8Array.from(codes);
      const [problem] = decodeText("train.py", bytes).problems;
      if (!problem?.message.includes("UTF-8")) return;
      const offset = problem.offset ?? -1;
      assert.ok(accepts(bytes.subarray(0, offset)));
      for (let end = offset + 1; end <= offset + 4; end += 1)
        assert.ok(!accepts(bytes.subarray(0, end)) || end > bytes.length);
    }),
  );
});

test("leaves out binary files and files beyond the limit, each with one message", () => {
  const zip = Uint8Array.from([0x50, 0x4b, 3, 4, 0, 0, 8, 0, 1, 2]);
  const binary = decodeText("model.py", zip);
  assert.equal(binary.value.binary, true);
  assert.equal(binary.problems[0]?.offset, 4);
  const large = decodeText("data.py", new Uint8Array(largestSource + 1).fill(0x20));
  assert.equal(large.value.binary, true);
  assert.match(large.problems[0]?.message ?? "", /more than the 5\.0 MiB/);
  assert.equal(decodeText("data.ipynb", new Uint8Array(largestSource + 1).fill(0x20)).value.binary, false);
});
