import * as tf from '@tensorflow/tfjs';

const kernel = tf.variable(tf.randomNormal([4, 3], 0, 1, 'float32', 3));
const optimizer = tf.train.rmsprop(1e-3);
const losses: number[] = [];

async function train() {
	for (let step = 0; step < 6; step++) {
		const xs = tf.randomNormal([8, 4], 0, 4, 'float32', step + 1) as tf.Tensor2D;
		const cost = optimizer.minimize(() => {
			const logits = xs.matMul(kernel as tf.Tensor2D).mul(10);
			return logits.square().mean() as tf.Scalar;
		}, true);
		losses.push(cost!.dataSync()[0]);
		tf.dispose([xs, cost!]);
	}
}

export const training = train();
