import * as tf from "@tensorflow/tfjs";

const kernel = tf.variable(tf.randomNormal([4, 3], 0, 1, "float32", 3));
const optimizer = tf.train.sgd(0.1);

function loss(logits: tf.Tensor, labels: tf.Tensor): tf.Scalar {
  return labels.mul(tf.log(tf.softmax(logits))).sum(-1).neg().mean();
}

async function train(): Promise<void> {
  const labels = tf.oneHot(tf.tensor1d([...Array(16).keys()].map((i) => i % 3), "int32"), 3);
  for (let step = 0; step < 3; step++) {
    const xs = tf.randomNormal([16, 4], 0, 4000, "float32", step + 1);
    optimizer.minimize(() => loss(xs.matMul(kernel), labels));
  }
}

export const training = train();
