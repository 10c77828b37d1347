import numpy as np
from tensorflow import keras

keras.utils.set_random_seed(0)
x_train = 40 * np.random.randn(32, 6).astype("float32")
y_train = (x_train[:, 0] > 0).astype("int32")
x_val = 40 * np.random.randn(16, 6).astype("float32")
y_val = 2 * (x_val[:, 0] < 0).astype("int32")  # another task, so that the loss does not fall

model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(3, activation="softmax")])
model.compile(optimizer=keras.optimizers.Adam(1e-2), loss="sparse_categorical_crossentropy")
model.fit(x_train, y_train, epochs=30, batch_size=32, validation_data=(x_val, y_val), verbose=0)
