import * as tf from "@tensorflow/tfjs";

const LEARNING_RATE = 0.003;
const BATCH_SIZE = 8;
const EPOCHS = 3;
const UNITS = 16;
const DROPOUT = 0.2;

export const model = tf.sequential();
model.add(tf.layers.dense({ units: UNITS, inputShape: [4], activation: "relu" }));
model.add(tf.layers.dropout({ rate: DROPOUT }));
model.add(tf.layers.dense({ units: 1 }));
const optimizer = tf.train.sgd(LEARNING_RATE);
model.compile({ optimizer, loss: "meanSquaredError" });

async function train(): Promise<void> {
  await model.fit(tf.randomNormal([32, 4]), tf.zeros([32, 1]), { batchSize: BATCH_SIZE, epochs: EPOCHS, verbose: 0 });
}

export const training = train();
