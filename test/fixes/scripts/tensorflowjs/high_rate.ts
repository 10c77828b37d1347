import * as tf from "@tensorflow/tfjs";

const LEARNING_RATE = 0.1;
const weight = tf.variable(tf.scalar(3));
const optimizer = tf.train.adam(LEARNING_RATE);

async function train(): Promise<void> {
  for (let step = 0; step < 3; step++) {
    const { grads } = tf.variableGrads(() => weight.square().asScalar());
    const clipped = Object.fromEntries(Object.entries(grads).map(([name, grad]) => [name, grad.clipByValue(-1, 1)]));
    optimizer.applyGradients(clipped);
  }
}

export const training = train();
