"""What the benchmarks compare PyTorch's trainer with: bare steps, and the report's own way."""

import time

import torch
from PIL import Image
from torch.nn import functional
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as TorchDataset

from labcode import torchvision_compat
from labcode.batches import plan_epoch
from labcode.data import Dataset
from labcode.pytorch.batches import ResidentImages
from labcode.pytorch.devices import select_device, synchronize, true_float32
from labcode.pytorch.training import make_loss, make_optimizer
from labcode.recipe import Recipe


def bare_loop(model, dataset: Dataset, recipe: Recipe, steps: int) -> float:
    """Images a second of ``steps`` training steps and nothing else, after three for warm-up.

    The batches are gathered beforehand: no shuffling, no metrics, no progress, no schedule.
    """
    device = select_device()
    model.to(device).train()
    images = ResidentImages(dataset.train.images, dataset.train.labels, device)
    batches = list(images.epoch(plan_epoch(len(images), recipe, 0)))
    loss_function, optimizer = make_loss(model, recipe), make_optimizer(model, recipe)

    def step(number: int) -> None:
        loss, _ = loss_function(*batches[number % len(batches)])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    with true_float32():
        for number in range(3):
            step(number)
        synchronize(device)
        start = time.perf_counter()
        for number in range(steps):
            step(number)
        synchronize(device)
    return steps * recipe.batch_size / (time.perf_counter() - start)


def report_way(model, dataset: Dataset, recipe: Recipe) -> float:
    """Seconds of training as the report did: a DataLoader over the image files, which decodes each
    in every epoch, the transfer inside the loop, and a metric object built anew for each step.
    """
    torchvision_compat.install()
    from torchmetrics import Accuracy
    from torchvision.transforms.functional import pil_to_tensor

    class Folder(TorchDataset):
        def __len__(self):
            return len(dataset.train)

        def __getitem__(self, index):
            with Image.open(dataset.folder / dataset.train.files[index]) as image:
                pixels = pil_to_tensor(image.convert("RGB"))
            return pixels.float() / 255, int(dataset.train.labels[index])

    device = select_device()
    model.to(device, memory_format=torch.contiguous_format).train()
    optimizer = make_optimizer(model, recipe)
    torch.manual_seed(recipe.seed)
    loader = DataLoader(Folder(), batch_size=recipe.batch_size, shuffle=True)
    start = time.perf_counter()
    for _ in range(recipe.epochs):
        epoch_loss = epoch_accuracy = 0.0
        for images, labels in loader:
            images, labels = images.to(device), labels.to(device)
            logits = model(images)
            loss = functional.cross_entropy(logits, labels)
            accuracy = Accuracy(task="multiclass", num_classes=200).to(device)
            epoch_accuracy += accuracy(logits.argmax(dim=1), labels)
            epoch_loss += loss.item()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    synchronize(device)
    return time.perf_counter() - start
