/** All findings of the examples, in the order of the text. */
export const trainPyFindings: readonly string[] = [
  "information eps-unset-under-mixed-precision 93: Adam",
  "hint no-learning-rate-schedule 93: Adam",
  "warning adam-l2-weight-decay 93: weight_decay=args.weight_decay",
  "hint weight-decay-on-norm-and-bias 93: weight_decay=args.weight_decay",
  "warning missing-gradient-clipping 108: scaler.step(optimizer)",
  "warning loss-keeps-graph 110: loss",
  'hint gradient-norm-not-logged 114: log.write(json.dumps(record) + "\\n")',
];

export const trainTsFindings: readonly string[] = [
  "warning unstable-loss 45: tf.log(tf.softmax(logits))",
  "warning learning-rate-high 57: LEARNING_RATE",
  "information missing-gradient-clipping 62: optimizer.minimize( +3",
];
