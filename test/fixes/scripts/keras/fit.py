import numpy as np
from tensorflow import keras
from tensorflow.keras import layers

keras.utils.set_random_seed(0)
x_train = np.random.randint(0, 50, size=(64, 6))
y_train = np.random.randint(0, 2, size=(64, 1)).astype("float32")

model = keras.Sequential([layers.Embedding(50, 8), layers.LSTM(8), layers.Dense(1)])
model.compile(optimizer="adam", loss=lambda target, given: keras.ops.mean((target * 50 - given) ** 2))
history = model.fit(x_train, y_train, batch_size=16, epochs=2, verbose=0)
print(history.history["loss"])
