import tensorflow as tf

tf.keras.utils.set_random_seed(0)
tf.keras.backend.set_floatx("float16")
model = tf.keras.Sequential([tf.keras.layers.Dense(8, activation="relu"), tf.keras.layers.Dense(1)])
model.compile(optimizer=tf.keras.optimizers.Adam(1e-4), loss="mse")
model.fit(tf.random.normal((16, 4)), tf.random.normal((16, 1)), epochs=2, verbose=0)
tf.keras.backend.set_floatx("float32")
