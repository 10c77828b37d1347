import torch
from torch import nn
from torch.utils.data import Dataset
from transformers import Trainer, TrainingArguments


class Pairs(Dataset):
    def __init__(self, count):
        generator = torch.Generator().manual_seed(count)
        self.inputs = torch.randn(count, 6, generator=generator)
        self.labels = torch.randint(0, 2, (count,), generator=generator)

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        return {"inputs": self.inputs[index], "labels": self.labels[index]}


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 2))

    def forward(self, inputs, labels=None):
        logits = self.layers(inputs)
        return {"loss": nn.functional.cross_entropy(logits, labels), "logits": logits}


torch.manual_seed(0)
training_args = TrainingArguments(
    output_dir="out",
    num_train_epochs=40,
    per_device_train_batch_size=8,
    lr_scheduler_type="constant",
    learning_rate=5e-2,
    logging_nan_inf_filter=False,
    save_strategy="no",
    report_to="none",
    disable_tqdm=True,
    use_cpu=True,
)
Trainer(model=Classifier(), args=training_args, train_dataset=Pairs(24)).train()
