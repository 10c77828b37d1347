/**
 * Trains a small classifier on two noisy moons with TensorFlow.js.
 *
 *     npm install @tensorflow/tfjs
 *     npx tsx train.ts
 */
import * as tf from "@tensorflow/tfjs";

const CLASSES = 2;
const BATCH_SIZE = 64;
const STEPS = 20_000;
const LEARNING_RATE = 0.05;

interface Batch {
  readonly inputs: tf.Tensor2D;
  readonly labels: tf.Tensor2D;
}

function sampleMoons(size: number): Batch {
  const points: number[][] = [];
  const classes: number[] = [];
  for (let index = 0; index < size; index++) {
    const upper = Math.random() < 0.5;
    const angle = Math.PI * Math.random();
    const noise = () => 0.15 * (Math.random() - 0.5);
    points.push(
      upper
        ? [Math.cos(angle) + noise(), Math.sin(angle) + noise()]
        : [1 - Math.cos(angle) + noise(), 0.5 - Math.sin(angle) + noise()],
    );
    classes.push(upper ? 1 : 0);
  }
  return { inputs: tf.tensor2d(points), labels: tf.oneHot(tf.tensor1d(classes, "int32"), CLASSES) as tf.Tensor2D };
}

function createModel(): tf.LayersModel {
  const model = tf.sequential();
  model.add(tf.layers.dense({ inputShape: [2], units: 64, activation: "relu", kernelInitializer: "heNormal" }));
  model.add(tf.layers.dense({ units: 64, activation: "relu", kernelInitializer: "heNormal" }));
  model.add(tf.layers.dense({ units: CLASSES }));
  return model;
}

function crossEntropy(labels: tf.Tensor2D, logits: tf.Tensor2D): tf.Scalar {
  return labels.mul(tf.log(tf.softmax(logits))).sum(-1).mean().neg() as tf.Scalar;
}

function accuracy(model: tf.LayersModel, batch: Batch): number {
  return tf.tidy(() => {
    const predicted = (model.predict(batch.inputs) as tf.Tensor2D).argMax(1);
    return predicted.equal(batch.labels.argMax(1)).mean().dataSync()[0] ?? Number.NaN;
  });
}

async function train(): Promise<void> {
  const model = createModel();
  const optimizer = tf.train.adam(LEARNING_RATE);
  const heldOut = sampleMoons(512);

  for (let step = 1; step <= STEPS; step++) {
    const batch = sampleMoons(BATCH_SIZE);
    const loss = optimizer.minimize(
      () => crossEntropy(batch.labels, model.predict(batch.inputs) as tf.Tensor2D),
      true,
    );
    if (loss && step % 50 === 0) {
      const value = (await loss.data())[0] ?? Number.NaN;
      console.log(`step ${step} loss ${value.toFixed(4)} val_accuracy ${accuracy(model, heldOut).toFixed(4)}`);
    }
    tf.dispose([loss, batch.inputs, batch.labels]);
  }
}

void train();
