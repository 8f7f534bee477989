#!/usr/bin/env python3
"""The same world model in PyTorch: to check our numbers, and to time the same work.

  gradcheck --model --export case.safetensors   writes one case, in float64
  torch.py check case.safetensors               recomputes it; exit status 1 if anything differs
  torch.py ways                                 what it can time, one word a line
  torch.py serve --case case.safetensors --batch 16 --length 25 --way nhwc --threads 2
                                                for `bench --peer`: answers each line `loss` with that
                                                of the case, in float32, and `step` or `plan` with the
                                                seconds it took

The models are in model.py. `check` and `loss` use PlaNet's GRU; timings use nn.GRUCell, the faster of
the two and the same work. The ways: eager PyTorch with images as it likes them (nchw) or channels
last (nhwc), the latter compiled (torch.compile), or in bfloat16 (autocast). Needs Python 3 and
PyTorch, and nothing else.
"""
import argparse
import json
import struct
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True  # no folder of compiled files beside this one
sys.path[0] = str(Path(__file__).resolve().parent.parent)  # where no torch.py hides PyTorch

try:
    import torch
    from torch import nn

    from peer.model import World
except ImportError:
    print("torch.py: PyTorch is not installed for this Python; install it "
          "(pip install torch, or apt install python3-torch) or name another Python.",
          file=sys.stderr)
    sys.exit(2)

# ---- check: one case in float64 ------------------------------------------------------------------


def read_safetensors(path):
    with open(path, "rb") as file:
        data = bytearray(file.read())
    (size,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8:8 + size].decode())
    types = {"F64": torch.float64, "F32": torch.float32, "U8": torch.uint8}
    tensors = {}
    for name, entry in header.items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            dtype = types[entry["dtype"]]
            flat = torch.frombuffer(data, dtype=dtype, offset=8 + size + begin,
                                    count=(end - begin) // dtype.itemsize)
            tensors[name] = flat.view(entry["shape"])
    return tensors, header["__metadata__"]


def parameter_pairs(world):
    """(our names, PyTorch parameter, ours -> PyTorch): every parameter, by name."""
    pairs = []

    def linear(names, layer):  # [in,out] -> [out,in]; several heads are stacked
        pairs.append(([n + "/weight" for n in names], layer.weight,
                      lambda ws: torch.cat([w.T for w in ws])))
        pairs.append(([n + "/bias" for n in names], layer.bias, lambda bs: torch.cat(bs)))

    def conv(name, layer):  # [kh,kw,in,out] -> [out,in,kh,kw]; transposed [kh,kw,out,in] alike
        pairs.append(([name + "/weight"], layer.weight, lambda ws: ws[0].permute(3, 2, 0, 1)))
        pairs.append(([name + "/bias"], layer.bias, lambda bs: bs[0]))

    for i, layer in enumerate(world.encoder):
        conv(f"encoder/{i}", layer)
    latent, kind = world.latent, world.c["latent_model"]
    if kind != "ssm":
        linear([f"{kind}/inp"], latent.inp)
        H = world.c["deter_size"]  # columns r, u, c of one matrix
        gates, candidate, name = latent.gru.gates, latent.gru.candidate, f"{kind}/gru/"
        pairs.append(([name + "weight"], gates.weight, lambda ws: ws[0][:, :2 * H].T))
        pairs.append(([name + "weight"], candidate.weight, lambda ws: ws[0][:, 2 * H:].T))
        pairs.append(([name + "bias"], gates.bias, lambda bs: bs[0][:2 * H]))
        pairs.append(([name + "bias"], candidate.bias, lambda bs: bs[0][2 * H:]))
    for which in ("prior", "posterior"):
        linear([f"{kind}/{which}/hidden"], getattr(latent, which + "_hidden"))
        linear([f"{kind}/{which}/{head}" for head in latent.heads], getattr(latent, which + "_out"))
    linear(["decoder/inp"], world.decoder_inp)
    for i, layer in enumerate(world.decoder):
        conv(f"decoder/{i}", layer)
    for i, layer in enumerate(world.reward_head):
        linear([f"reward/{i}"], layer)
    for i, layer in enumerate(world.continue_head or []):
        linear([f"continue/{i}"], layer)
    return pairs


def value_of(text):
    """"3", "0.1", "true", "8:4 16:4": a number, a truth or the text itself."""
    if text in ("true", "false"):
        return text == "true"
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            pass
    return text


def config_of(metadata):
    c = {key[len("model."):]: value_of(value) for key, value in metadata.items()
         if key.startswith("model.")}
    c["latent_hidden_size"] = int(metadata["latent_hidden_size"])
    return c


def difference(ours, theirs):
    """Largest difference, relative to the tensor's largest magnitude; NaN counts as infinite."""
    error = float((ours - theirs).abs().max())
    scale = float(theirs.abs().max())
    if error == 0:
        return 0.0
    return error / scale if scale > 0 and error == error else float("inf")


def model_of(data, c):
    """The model of a case in float64, with its parameters."""
    world = World(c, "planet").double()
    used = set()
    with torch.no_grad():
        for names, parameter, convert in parameter_pairs(world):
            parameter.copy_(convert([data["param/" + n] for n in names]))
            used.update(names)
    missing = {n[len("param/"):] for n in data if n.startswith("param/")} - used
    if missing:
        sys.exit(f"torch.py: the case has parameters that are not in this model: {missing}")
    return world


def terms_of(world, data, as_type):
    image = data["data/image"].flatten(0, 1).permute(0, 3, 1, 2)
    given = [data.get("data/" + n) for n in ("action", "reward", "noise")]
    further = [data.get("data/" + n) for n in ("continues", "overshoot_noise")]
    image, *given = [x.to(as_type) for x in (image, *given)]
    return world.terms(image, *given, True, *further)


def check(path, tolerance):
    data, metadata = read_safetensors(path)
    c, rows = config_of(metadata), []
    world = model_of(data, c)

    pixels = data["data/pixels"].double()  # the image is the pixels' bin plus noise inside it
    bits = c["image_bits"]
    bins = (torch.floor(pixels / 2 ** (8 - bits)) - 2 ** (bits - 1)) / 2 ** bits
    noise = (data["data/image"] - bins) * 2 ** bits
    if not (noise.min() >= 0 and noise.max() < 1):
        sys.exit("torch.py: the images are not their pixels' bins with noise inside the bin")

    terms = terms_of(world, data, torch.float64)
    ours = {n for n in data if n.startswith(("state/", "posterior/", "prior/", "predicted/", "term/"))}
    if ours | {"loss"} != set(terms):
        sys.exit(f"torch.py: one of the two lacks {ours ^ (set(terms) - {'loss'})}")
    terms["loss"].backward()
    L, B = data["data/action"].shape[:2]
    terms["predicted/image"] = terms["predicted/image"].permute(0, 2, 3, 1).unflatten(0, (L, B))
    with torch.no_grad():
        for name, value in terms.items():
            rows.append((difference(data[name], value), name))
        for names, parameter, convert in parameter_pairs(world):
            ours = convert([data["grad/" + n] for n in names])
            rows.append((difference(ours, parameter.grad), "grad/" + " and ".join(names)))
    for error, name in rows:
        print(f"{error:9.1e}  {name}")
    worst = max(rows)
    print(f"worst relative difference {worst[0]:.1e} ({worst[1]}), of {len(rows)} tensors; "
          f"tolerance {tolerance:.0e}")
    return 0 if worst[0] <= tolerance else 1


# ---- timing: float32 -----------------------------------------------------------------------------


@torch.no_grad()
def plan(world, A, H=12, I=10, J=1000, K=100):
    """The cross-entropy method from the zero state, one rollout for each candidate."""
    mean, std = torch.zeros(H, 1, A), torch.ones(H, 1, A)
    start = world.latent.initial(mean, J)
    for _ in range(I):
        actions = (mean + std * torch.randn(H, J, A)).clamp_(-1, 1)
        state, features = start, []
        for t in range(H):
            state, _ = world.latent.imagine(state, actions[t], torch.randn(J, world.c["stoch_size"]))
            features.append(world.latent.features(state))
        returns = world.reward(torch.stack(features)).sum(0)
        elites = actions[:, returns.topk(K).indices]
        mean, std = elites.mean(1, keepdim=True), elites.std(1, unbiased=False, keepdim=True)
    return mean[0]


class Work:
    """One model and a random batch; step() and plan() return the seconds they took."""

    def __init__(self, args):
        data, metadata = read_safetensors(args.case)
        self.c = c = config_of(metadata)
        world = model_of(data, c).float()
        with torch.no_grad():
            self.loss_of_case = terms_of(world, data, torch.float32)["loss"].item()
        torch.manual_seed(0)
        self.way, self.world, L, B, n = args.way, World(c, "cell"), args.length, args.batch, c["image_size"]
        self.image = torch.rand(L * B, 3, n, n) - 0.5
        if self.way != "nchw":
            self.world = self.world.to(memory_format=torch.channels_last)
            self.image = self.image.to(memory_format=torch.channels_last)
        self.terms = torch.compile(self.world.terms) if self.way == "compiled" else self.world.terms
        self.adam = torch.optim.Adam(self.world.parameters(), lr=1e-3, eps=1e-4)
        self.action = torch.rand(L, B, c["action_size"]) * 2 - 1
        self.reward = torch.rand(L, B)

    def loss(self):
        return self.loss_of_case

    def step(self):
        start = time.perf_counter()
        with torch.autocast("cpu", torch.bfloat16, enabled=self.way == "bf16"):
            loss = self.terms(self.image, self.action, self.reward, None)["loss"]
        self.adam.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.world.parameters(), 1000.0)
        self.adam.step()
        return time.perf_counter() - start

    def plan(self):
        start = time.perf_counter()
        with torch.autocast("cpu", torch.bfloat16, enabled=self.way == "bf16"):
            plan(self.world, self.c["action_size"])
        return time.perf_counter() - start


WAYS = ("nchw", "nhwc", "compiled", "bf16")


def serve(args):
    if args.threads:
        torch.set_num_threads(args.threads)
    work = Work(args)
    for line in sys.stdin:
        word = line.strip()
        if word not in ("loss", "step", "plan"):
            sys.exit(f"torch.py: '{word}' is none of loss, step and plan")
        print(repr(getattr(work, word)()), flush=True)
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    checker = commands.add_parser("check", help="recompute a case in float64")
    checker.add_argument("case")
    checker.add_argument("--tolerance", type=float, default=1e-10, help="relative")
    commands.add_parser("ways", help="what can be timed")
    server = commands.add_parser("serve", help="time training steps and plans")
    server.add_argument("--case", required=True)
    server.add_argument("--batch", type=int, default=16)
    server.add_argument("--length", type=int, default=25)
    server.add_argument("--threads", type=int, default=0)
    server.add_argument("--way", choices=WAYS, default="nhwc")
    args = parser.parse_args()
    if args.command == "ways":
        print(f"PyTorch {torch.__version__.split('+')[0]}", *WAYS, sep="\n")
        return 0
    try:
        return check(args.case, args.tolerance) if args.command == "check" else serve(args)
    except (OSError, KeyError, ValueError, struct.error) as error:
        print(f"torch.py: {args.case} is not a case that `gradcheck --model --export` wrote: "
              f"{error!r}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
