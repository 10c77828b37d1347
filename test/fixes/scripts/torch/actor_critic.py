import torch
import torch.nn as nn
import torch.nn.functional as F


class Agent:
    """Two optimizers, as attributes, stepped in one method."""

    def __init__(self, observations=4, actions=2):
        self.actor = nn.Sequential(nn.Linear(observations, 32), nn.Tanh(), nn.Linear(32, actions))
        self.critic = nn.Sequential(nn.Linear(observations, 32), nn.Tanh(), nn.Linear(32, 1))
        self.actor_optimizer = torch.optim.Adam(self.actor.parameters(), lr=3e-4)
        self.critic_optimizer = torch.optim.Adam(self.critic.parameters(), lr=1e-3)

    def update(self, states, actions, returns):
        values = self.critic(states).squeeze(-1)
        critic_loss = F.mse_loss(values, returns)
        self.critic_optimizer.zero_grad()
        critic_loss.backward()
        self.critic_optimizer.step()

        advantages = returns - values.detach()
        log_probs = F.log_softmax(self.actor(states), dim=-1)
        actor_loss = -(log_probs.gather(1, actions[:, None]).squeeze(-1) * advantages).mean()
        self.actor_optimizer.zero_grad()
        actor_loss.backward()
        self.actor_optimizer.step()
        return actor_loss.item(), critic_loss.item()


torch.manual_seed(0)
agent = Agent()
for update in range(6):
    losses = agent.update(torch.randn(32, 4), torch.randint(0, 2, (32,)), torch.randn(32) * 30)
    print(update, *losses)
