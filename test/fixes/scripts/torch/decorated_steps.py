import functools

import torch
from torch import nn

torch.manual_seed(0)
model = nn.LSTM(input_size=4, hidden_size=16, batch_first=True)
head = nn.Linear(16, 1)
optimizer = torch.optim.RMSprop(
    [*model.parameters(), *head.parameters()],
    lr=1e-3,
)


def counted(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        wrapper.calls += 1
        return function(*args, **kwargs)

    wrapper.calls = 0
    return wrapper


@counted
def train_step(batch, target):
	output, _ = model(batch)
	loss = nn.functional.mse_loss(head(output[:, -1]) * 30, \
		target)
	optimizer.zero_grad()
	loss.backward()
	# one step a batch
	optimizer.step()
	return loss.item()


for index in range(6):
	print(index, train_step(torch.randn(8, 5, 4), torch.randn(8, 1)))
