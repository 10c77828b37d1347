import { qualifiedName } from "../facts/qualifiedName.ts";
import type { Scope } from "../facts/scope.ts";
import type { Expression } from "../syntax/tree.ts";

/**
 * The full name of something of TensorFlow or Keras, whichever way it is imported: `"keras.optimizers.Adam"` of
 * `tf.keras.optimizers.legacy.Adam` too, `"tf.train.AdamOptimizer"` of `tf.compat.v1.train.AdamOptimizer` too. Null for anything
 * else.
 */
export function tensorflowName(expression: Expression, scope: Scope): string | null {
  const name = qualifiedName(expression, scope);
  return name === null ? null : canonicalTensorflowName(name);
}

export function canonicalTensorflowName(name: string): string | null {
  const keras = name.match(
    /^(?:tensorflow\.(?:compat\.v[12]\.|python\.|contrib\.)?keras|tf_keras|keras)\.(?:(?:src|api|_v2|engine)\.)*(.+)$/,
  );
  if (keras?.[1] !== undefined) return `keras.${withoutVariants(keras[1])}`;
  const addon = name.match(/^tensorflow_addons\.(.+)$/);
  if (addon?.[1] !== undefined) return `tfa.${addon[1]}`;
  const plain = name.match(/^tensorflow\.(?:compat\.v[12]\.)?(.+)$/);
  if (plain?.[1] === undefined) return null;
  // `tf.optimizers` and its like are `tf.keras.optimizers` by a shorter name.
  return /^(optimizers|metrics|initializers|regularizers)\./.test(plain[1])
    ? `keras.${withoutVariants(plain[1])}`
    : `tf.${plain[1]}`;
}

/** `optimizers.legacy.Adam`, `optimizers.adam_v2.Adam` and `mixed_precision.experimental.Policy` without the part in between. */
function withoutVariants(rest: string): string {
  return rest.replace(/^(optimizers|layers|mixed_precision|losses|models)\.(?:[a-z]\w*\.)+(?=\w+$)/, (whole, room) =>
    room === "optimizers" && /schedules/.test(whole) ? whole : `${room}.`,
  );
}
