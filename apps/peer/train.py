#!/usr/bin/env python3
"""Trains the PyTorch model on the episodes of a finished run, and saves it as our model.

  train.py RUN model.safetensors        then:  futures model.safetensors, eval, dream, compare ...

The same episodes in the same order, as many updates of the same size, the options of the run's own
config.toml; PyTorch's initial weights and random numbers. What comes out is judged by our programs,
so that where two trainings differ the measure is no suspect. Ordinary eager PyTorch (model.py),
on one thread; needs PyTorch and NumPy.
"""
import argparse
import json
import struct
import sys
import tomllib
from pathlib import Path

sys.dont_write_bytecode = True
sys.path[0] = str(Path(__file__).resolve().parent.parent)  # where no torch.py hides PyTorch

try:
    import numpy as np
    import torch
    from torch import nn

    from peer.model import World
    from peer.torch import parameter_pairs, read_safetensors
except ImportError:
    print("train.py: PyTorch or NumPy is not installed for this Python; install them "
          "(pip install torch numpy) or name another Python.", file=sys.stderr)
    sys.exit(2)


def latest_model(run):
    """The run's tensors, for their names and shapes, and their metadata."""
    checkpoints = run / "checkpoints"
    return read_safetensors(checkpoints / (checkpoints / "latest").read_text().strip()
                            / "model.safetensors")


def config_of(run, tensors, action_size):
    c = tomllib.loads((run / "config.toml").read_text())
    c["latent_model"], c["action_size"] = c["model"], action_size
    c["latent_hidden_size"] = tensors[f"{c['model']}/prior/hidden/bias"].numel()
    if c["collect"] != "random" or c["continue_head"] or c["overshooting_distance"] > 1:
        sys.exit("train.py: the run's episodes must be random ones (--collect random), without "
                 "a continue head and without overshooting")
    return c


def windows(episodes, B, L, rng):
    """Time-major: image [L,B,n,n,3] bytes, action [L,B,A], reward [L,B]."""
    rows = []
    for _ in range(B):
        e = episodes[rng.integers(len(episodes))]
        begin = rng.integers(len(e["reward"]) - L + 1)
        rows.append([e[key][begin:begin + L] for key in ("image", "action", "reward")])
    return [torch.from_numpy(np.stack(x, 1)) for x in zip(*rows)]


def preprocess(image, bits):
    """Bytes -> [L*B,3,n,n]: the pixel's bin, and fresh noise inside it."""
    bins = torch.floor(image.flatten(0, 1).permute(0, 3, 1, 2).float() / 2 ** (8 - bits))
    return (bins + torch.rand(bins.shape)) / 2 ** bits - 0.5


def train(world, episodes, c, seed):
    rng = np.random.default_rng(seed)
    adam = torch.optim.Adam(world.parameters(), lr=c["learning_rate"], eps=c["adam_epsilon"])
    begin, updates = c["seed_episodes"], c["updates_per_episode"]
    for round_, known in enumerate(range(begin, len(episodes))):  # a round, then one more episode
        for _ in range(updates):
            image, action, reward = windows(episodes[:known], c["batch_size"], c["batch_length"], rng)
            terms = world.terms(preprocess(image, c["image_bits"]), action, reward, None, True)
            adam.zero_grad()
            terms["loss"].backward()
            nn.utils.clip_grad_norm_(world.parameters(), c["grad_clip"])
            adam.step()
        shown = ", ".join(f"{k} {terms['term/' + k].mean().item():.3f}" for k in ("image", "reward", "kl"))
        print(f"update {(round_ + 1) * updates}: {shown}", flush=True)


def as_ours(world, shapes):
    """Each map of parameter_pairs is a permutation; its transpose is its inverse."""
    ours = {name: torch.zeros(shape) for name, shape in shapes.items()}
    for names, parameter, convert in parameter_pairs(world):
        parts = [ours[name].clone().requires_grad_() for name in names]
        convert(parts).backward(parameter.detach())
        for name, part in zip(names, parts):
            ours[name] += part.grad
    for names, parameter, convert in parameter_pairs(world):
        assert torch.equal(convert([ours[name] for name in names]), parameter), names
    return ours


def write_safetensors(path, tensors, metadata):
    header, data = {"__metadata__": metadata}, b""
    for name, tensor in sorted(tensors.items()):
        raw = tensor.contiguous().numpy().astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape),
                        "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(args.seed)
    tensors, metadata = latest_model(args.run)
    episodes = [np.load(path) for path in sorted((args.run / "episodes").glob("*.npz"))]
    episodes = [{key: e[key] for key in ("image", "action", "reward")} for e in episodes]
    c = config_of(args.run, tensors, episodes[0]["action"].shape[1])
    world = World(c, "planet")
    train(world, episodes, c, args.seed)
    ours = as_ours(world, {name: tensor.shape for name, tensor in tensors.items()})
    metadata["version"] = f"PyTorch {torch.__version__}, apps/peer/train.py --seed {args.seed}"
    write_safetensors(args.model, ours, metadata)


if __name__ == "__main__":
    main()
