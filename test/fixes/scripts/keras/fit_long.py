import numpy as np
from tensorflow import keras

keras.utils.set_random_seed(0)
x_train, y_train = 40 * np.random.randn(32, 6).astype("float32"), np.random.randint(0, 3, size=(32,))
x_val, y_val = np.random.randn(16, 6).astype("float32"), np.random.randint(0, 3, size=(16,))

model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(3, activation="softmax")])
model.compile(optimizer=keras.optimizers.Adam(1e-2), loss="sparse_categorical_crossentropy")
model.fit(x_train, y_train, epochs=50, batch_size=32, validation_data=(x_val, y_val), verbose=0)
