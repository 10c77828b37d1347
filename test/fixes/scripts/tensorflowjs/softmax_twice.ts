import * as tf from "@tensorflow/tfjs";

const kernel = tf.variable(tf.randomNormal([4, 3], 0, 1, "float32", 3));
const optimizer = tf.train.sgd(0.1);

function forward(images: tf.Tensor): tf.Tensor {
  return images.matMul(kernel);
}

function trainBatch(images: tf.Tensor, labels: tf.Tensor) {
  optimizer.minimize(() => {
    const predictions = tf.softmax(forward(images));
    return tf.losses.softmaxCrossEntropy(labels, predictions).asScalar();
  });
}

async function train(): Promise<void> {
  const labels = tf.oneHot(tf.tensor1d([...Array(16).keys()].map((i) => i % 3), "int32"), 3);
  for (let step = 0; step < 3; step++) {
    trainBatch(tf.randomNormal([16, 4]), labels);
  }
}

export const training = train();
