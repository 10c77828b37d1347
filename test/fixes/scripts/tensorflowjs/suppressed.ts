import * as tf from "@tensorflow/tfjs";

const weight = tf.variable(tf.scalar(3));
const optimizer = tf.train.sgd(0.01); // haywire: ignore[missing-gradient-clipping]

async function train(): Promise<void> {
  for (let step = 0; step < 3; step++) {
    optimizer.minimize(() => weight.square().asScalar());
  }
}

export const training = train();
