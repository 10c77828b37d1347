import * as tf from "@tensorflow/tfjs";

export const model = tf.sequential();
model.add(tf.layers.dense({ units: 8, inputShape: [4], activation: "relu" }));
model.add(tf.layers.dense({ units: 3 }));
model.compile({ optimizer: tf.train.sgd(0.1), loss: "categoricalCrossentropy" });

async function train(): Promise<void> {
  const images = tf.randomNormal([16, 4]);
  const labels = tf.oneHot(tf.tensor1d([...Array(16).keys()].map((i) => i % 3), "int32"), 3);
  await model.fit(images, labels, { epochs: 2, validationSplit: 0.1, verbose: 0 });
}

export const training = train();
