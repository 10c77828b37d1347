import numpy as np
from tensorflow import keras
from tensorflow.keras import layers

keras.utils.set_random_seed(0)
x_train, y_train = np.random.randn(32, 6, 8).astype("float32"), np.random.randint(0, 3, size=(32,))
inputs = keras.Input((6, 8))
x = layers.MultiHeadAttention(num_heads=2, key_dim=4)(inputs, inputs)
model = keras.Model(inputs, layers.Dense(3, activation="softmax")(layers.GlobalAveragePooling1D()(x)))
schedule = keras.optimizers.schedules.CosineDecay(1e-3, decay_steps=50_000)
model.compile(
    optimizer=keras.optimizers.AdamW(schedule, global_clipnorm=1.0),
    loss="sparse_categorical_crossentropy",
)
model.fit(x_train, y_train, epochs=2, batch_size=8, validation_data=(x_train, y_train), verbose=0)
