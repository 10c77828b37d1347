import { BinaryReader } from "@bufbuild/protobuf/wire";
import type { ScalarValue } from "../facts/trainingFacts.ts";
import { eachField, endOfMessage } from "../logs/protobufFields.ts";

/** Length and its checksum stand before a record's data, the data's checksum behind it (TFRecord). */
const headerSize = 12;
const footerSize = 4;

/** The field numbers from an `Event` down to the plugin's content: tensorboard's event.proto, summary.proto, plugins/hparams/plugin_data.proto. */
const pathToHyperparameters = [5, 1, 9, 1, 2, 3, 1] as const;
const pluginName = "hparams";

/** What TensorBoard's hparams plugin wrote into the front of an event file (`_hparams_/session_start_info`). */
export function tensorboardHyperparameters(bytes: Uint8Array): ReadonlyMap<string, ScalarValue> {
  const found = new Map<string, ScalarValue>();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  while (at + headerSize <= bytes.length) {
    const length = Number(view.getBigUint64(at, true));
    const from = at + headerSize;
    if (from + length > bytes.length) break;
    const event = bytes.subarray(from, from + length);
    // Events are many, and few of them speak of hyperparameters.
    if (Buffer.from(event.buffer, event.byteOffset, event.length).includes(pluginName)) {
      descend(new BinaryReader(event), event.length, 0, found);
    }
    at = from + length + footerSize;
  }
  return found;
}

function descend(reader: BinaryReader, end: number, depth: number, found: Map<string, ScalarValue>): void {
  const wanted = pathToHyperparameters[depth];
  if (wanted === undefined) {
    readEntry(reader, end, found);
    return;
  }
  eachField(reader, end, (field) => {
    if (field !== wanted) return false;
    descend(reader, endOfMessage(reader), depth + 1, found);
    return true;
  });
}

/** One entry of `map<string, google.protobuf.Value>`. */
function readEntry(reader: BinaryReader, end: number, found: Map<string, ScalarValue>): void {
  let name = "";
  let value: ScalarValue = null;
  eachField(reader, end, (field) => {
    if (field === 1) name = reader.string();
    else if (field === 2) value = readValue(reader, endOfMessage(reader));
    else return false;
    return true;
  });
  if (name !== "" && value !== null) found.set(name, value);
}

function readValue(reader: BinaryReader, end: number): ScalarValue {
  let value: ScalarValue = null;
  eachField(reader, end, (field) => {
    if (field === 2) value = reader.double();
    else if (field === 3) value = reader.string();
    else if (field === 4) value = reader.bool();
    else return false;
    return true;
  });
  return value;
}
