import itertools

import torch
import torch.nn as nn

torch.manual_seed(2)
latent = 8
generator = nn.Sequential(nn.Linear(latent, 32), nn.LeakyReLU(0.2), nn.Linear(32, 4))
mapping = nn.Linear(latent, latent)
discriminator = nn.Sequential(nn.Linear(4, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1))
adversarial_loss = nn.BCEWithLogitsLoss()

optimizer_G = torch.optim.Adam(itertools.chain(generator.parameters(), mapping.parameters()), lr=2e-4, betas=(0.5, 0.999))
optimizer_D = torch.optim.Adam(discriminator.parameters(), lr=2e-4, betas=(0.5, 0.999))
real_data = [torch.randn(16, 4) * 60 for _ in range(5)]

for epoch in range(2):
    for i, real in enumerate(real_data):
        valid, fake = torch.ones(len(real), 1), torch.zeros(len(real), 1)

        # -----------------
        #  Train generator
        # -----------------
        optimizer_G.zero_grad()
        z = torch.randn(len(real), latent) * 40
        gen = generator(mapping(z))
        g_loss = adversarial_loss(discriminator(gen) * 3, valid)
        g_loss.backward()
        optimizer_G.step()

        # ---------------------
        #  Train discriminator
        # ---------------------
        optimizer_D.zero_grad()
        d_loss = (adversarial_loss(discriminator(real) * 3, valid) + adversarial_loss(discriminator(gen.detach()), fake)) / 2
        d_loss.backward()
        optimizer_D.step()

        print(f"[Epoch {epoch}] [Batch {i}] [D loss: {d_loss.item():f}] [G loss: {g_loss.item():f}]")
