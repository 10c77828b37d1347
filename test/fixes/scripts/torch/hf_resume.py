import argparse

import torch
from torch.utils.data import Dataset
from transformers import GPT2Config, GPT2LMHeadModel, Trainer, TrainingArguments

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=4)
parser.add_argument("--resume", default=None)
options = parser.parse_args()


class Tokens(Dataset):
    def __init__(self, count):
        generator = torch.Generator().manual_seed(count)
        self.tokens = torch.randint(0, 32, (count, 8), generator=generator)

    def __len__(self):
        return len(self.tokens)

    def __getitem__(self, index):
        return {"input_ids": self.tokens[index], "labels": self.tokens[index]}


torch.manual_seed(0)
model = GPT2LMHeadModel(
    GPT2Config(vocab_size=32, n_positions=8, n_embd=16, n_layer=1, n_head=2, resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0)
)
training_args = TrainingArguments(
    output_dir="out",
    num_train_epochs=options.epochs,
    per_device_train_batch_size=8,
    learning_rate=1e-3,
    lr_scheduler_type="constant",
    save_strategy="epoch",
    save_only_model=True,
    logging_nan_inf_filter=False,
    report_to="none",
    disable_tqdm=True,
    use_cpu=True,
)
trainer = Trainer(model=model, args=training_args, train_dataset=Tokens(24))
if options.resume:
    trainer.train(resume_from_checkpoint=True)
else:
    trainer.train()
