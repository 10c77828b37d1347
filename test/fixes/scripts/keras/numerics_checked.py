import tensorflow as tf

tf.debugging.enable_check_numerics()
tf.keras.utils.set_random_seed(0)
model = tf.keras.Sequential([tf.keras.layers.Dense(8, activation="relu"), tf.keras.layers.Dense(1)])
model.compile(optimizer=tf.keras.optimizers.SGD(0.01), loss="mse")
model.fit(tf.random.normal((16, 4)), tf.random.normal((16, 1)), epochs=2, verbose=0)
