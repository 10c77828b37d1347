import * as tf from "@tensorflow/tfjs";

const weights = tf.variable(tf.randomNormal([4, 1], 0, 1, "float32", 7));
const bias = tf.variable(tf.zeros([1]));
const optimizer = tf.train.adam(1e-3);

function predict(xs: tf.Tensor2D): tf.Tensor {
  return xs.matMul(weights as tf.Tensor2D).add(bias).mul(20);
}

async function train(): Promise<void> {
  for (let epoch = 0; epoch < 2; epoch++) {
    for (let batch = 0; batch < 4; batch++) {
      const xs = tf.randomNormal<tf.Rank.R2>([8, 4], 0, 1, "float32", batch + 1);
      const ys = xs.slice([0, 0], [8, 1]);
      optimizer.minimize(() => tf.losses.meanSquaredError(ys, predict(xs)).asScalar());
      tf.dispose([xs, ys]);
    }
  }
}

export const training = train();
