import type { BinaryReader } from "@bufbuild/protobuf/wire";
import { eachField, endOfMessage, int64 } from "./protobufFields.ts";

/** Element types of tensorflow/core/framework/types.proto that are numbers, with their size in bytes. */
const float = 1;
const double = 2;
const int32 = 3;
const int64Type = 9;
const bool = 10;
/** int32, uint8, int16, int8, int64, bool. */
const integers: ReadonlySet<number> = new Set([int32, 4, 5, 6, int64Type, bool]);
const bfloat16 = 14;
const half = 19;

/**
 * The number of a `TensorProto` of one element that ends at `end`; null for more elements and for types that are no numbers.
 * The reader stands behind it then. Throws on bytes that are no tensor.
 */
export function scalarOfTensor(reader: BinaryReader, end: number): number | null {
  let type = 0;
  let single = true;
  let content: Uint8Array | null = null;
  let listed: number | null = null;
  eachField(reader, end, (field, wireType) => {
    if (field === 1) {
      type = reader.uint32();
    } else if (field === 2) {
      single = isSingle(reader, endOfMessage(reader));
    } else if (field === 4) {
      content = reader.bytes();
    } else if (listFields.has(field) && listed === null) {
      listed = firstListed(reader, field, wireType);
    } else {
      return false;
    }
    return true;
  });
  if (!single || !(type === float || type === double || type === half || type === bfloat16 || integers.has(type))) {
    return null;
  }
  if (content !== null) {
    return decodeContent(type, content);
  }
  // Zeros may be left out: an empty list means that the element is 0 (MakeNdarray in TensorFlow's tensor_util.py).
  const value = listed ?? 0;
  return type === half ? halfToNumber(value) : type === bfloat16 ? bfloat16ToNumber(value) : value;
}

/** True for a `TensorShapeProto` whose dimensions are all 1, as when there are none. */
function isSingle(reader: BinaryReader, end: number): boolean {
  let single = true;
  eachField(reader, end, (field) => {
    if (field === 2) {
      let size = 0;
      eachField(reader, endOfMessage(reader), (inner) => {
        if (inner === 1) {
          size = int64(reader);
        }
        return inner === 1;
      });
      single = single && size === 1;
    }
    return field === 2;
  });
  return single;
}

/** float_val, double_val, int_val, int64_val, bool_val, half_val. */
const listFields: ReadonlySet<number> = new Set([5, 6, 7, 10, 11, 13]);

/** The first number of a list, packed or not; null of an empty one. */
function firstListed(reader: BinaryReader, field: number, wireType: number): number | null {
  const end = wireType === 2 ? endOfMessage(reader) : null;
  if (end === reader.pos) {
    return null;
  }
  const value = field === 5 ? reader.float() : field === 6 ? reader.double() : int64(reader);
  reader.pos = end ?? reader.pos;
  return value;
}

function decodeContent(type: number, content: Uint8Array): number | null {
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  const size = content.length;
  switch (type) {
    case float:
      return size === 4 ? view.getFloat32(0, true) : null;
    case double:
      return size === 8 ? view.getFloat64(0, true) : null;
    case int32:
      return size === 4 ? view.getInt32(0, true) : null;
    case int64Type:
      return size === 8 ? Number(view.getBigInt64(0, true)) : null;
    case half:
      return size === 2 ? halfToNumber(view.getUint16(0, true)) : null;
    case bfloat16:
      return size === 2 ? bfloat16ToNumber(view.getUint16(0, true)) : null;
    default:
      return size === 1 ? view.getUint8(0) : null;
  }
}

/** IEEE 754 binary16 from its bits. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) {
    return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  }
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** bfloat16 is the upper half of a binary32. */
function bfloat16ToNumber(bits: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, (bits << 16) >>> 0);
  return view.getFloat32(0);
}
