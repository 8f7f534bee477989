#!/usr/bin/env python3
"""The same world model in PyTorch: to check our numbers, and to time the same work.

  gradcheck --model --export case.safetensors     writes one case, in float64
  peer_torch.py check case.safetensors            recomputes it; exit status 1 if anything differs
  peer_torch.py bench --size tiny32 --threads 2   seconds of one training step and of one plan
  peer_torch.py serve --size tiny32 --threads 2   the same, one answer for each line step or plan

Ordinary eager PyTorch; the models are in peer_model.py. `check` uses PlaNet's GRU; timings use
nn.GRUCell, the faster of the two and the same work (--gru planet times ours), and the better of the
two memory layouts of images unless --layout names one. Needs Python 3 and PyTorch, and nothing
else.
"""
import argparse
import json
import struct
import sys
import time

sys.dont_write_bytecode = True  # no folder of compiled files beside this one

try:
    import torch
    from torch import nn

    from peer_model import World
except ImportError:
    print("peer_torch.py: PyTorch is not installed for this Python; install it "
          "(pip install torch, or apt install python3-torch) or name another Python.",
          file=sys.stderr)
    sys.exit(2)

# ---- sizes ---------------------------------------------------------------------------------------

SIZES = {
    "tiny32": dict(image_size=32, encoder="8:4 16:4 32:4", decoder="32:5 16:6 3:6", embed_size=128,
                   deter_size=64, stoch_size=16, hidden_size=64, reward_layers=2, reward_units=64,
                   B=16, L=25),
    "small32": dict(image_size=32, encoder="16:4 32:4 64:4", decoder="64:5 32:6 3:6",
                    embed_size=256, deter_size=128, stoch_size=16, hidden_size=128,
                    reward_layers=2, reward_units=128, B=32, L=32),
    "planet64": dict(image_size=64, encoder="32:4 64:4 128:4 256:4", decoder="128:5 64:5 32:6 3:6",
                     embed_size=1024, deter_size=200, stoch_size=30, hidden_size=200,
                     reward_layers=2, reward_units=200, B=50, L=50),
}
LOSS = dict(latent_model="rssm", action_size=1, min_std=0.1, free_nats=3.0, kl_scale=1.0,
            reward_scale=10.0, free_nats_after_mean=False, kl_balance=0.0, global_kl_scale=0.0,
            continue_head=False)


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


def check(path, tolerance):
    data, metadata = read_safetensors(path)
    c = config_of(metadata)
    world = World(c, "planet").double()
    used, rows = set(), []
    with torch.no_grad():
        for names, parameter, convert in parameter_pairs(world):
            parameter.copy_(convert([data["param/" + n] for n in names]))
            used.update(names)
    missing = {n[len("param/"):] for n in data if n.startswith("param/")} - used
    if missing:
        sys.exit(f"peer_torch.py: the case has parameters that are not in this model: {missing}")

    pixels = data["data/pixels"].double()  # the image is the pixels' bin plus noise inside it
    bits = c["image_bits"]
    bins = (torch.floor(pixels / 2 ** (8 - bits)) - 2 ** (bits - 1)) / 2 ** bits
    noise = (data["data/image"] - bins) * 2 ** bits
    if not (noise.min() >= 0 and noise.max() < 1):
        sys.exit("peer_torch.py: the images are not their pixels' bins with noise inside the bin")

    image = data["data/image"].flatten(0, 1).permute(0, 3, 1, 2)
    terms = world.terms(image, data["data/action"], data["data/reward"], data["data/noise"], True,
                        data.get("data/continues"), data.get("data/overshoot_noise"))
    ours = {n for n in data if n.startswith(("state/", "posterior/", "prior/", "predicted/", "term/"))}
    if ours | {"loss"} != set(terms):
        sys.exit(f"peer_torch.py: one of the two lacks {ours ^ (set(terms) - {'loss'})}")
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
    """One model and its batch; step() and plan() return the seconds they took."""

    def __init__(self, size, gru, channels_last):
        torch.manual_seed(0)
        self.c = c = dict(LOSS, **SIZES[size], latent_hidden_size=SIZES[size]["hidden_size"])
        L, B, n = c["L"], c["B"], c["image_size"]
        self.world = World(c, gru)
        self.image = torch.rand(L * B, 3, n, n) - 0.5
        if channels_last:
            self.world = self.world.to(memory_format=torch.channels_last)
            self.image = self.image.to(memory_format=torch.channels_last)
        self.adam = torch.optim.Adam(self.world.parameters(), lr=1e-3, eps=1e-4)
        self.action = torch.rand(L, B, c["action_size"]) * 2 - 1
        self.reward = torch.rand(L, B)

    def step(self):
        start = time.perf_counter()
        loss = self.world.terms(self.image, self.action, self.reward, None)["loss"]
        self.adam.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.world.parameters(), 1000.0)
        self.adam.step()
        return time.perf_counter() - start

    def plan(self):
        start = time.perf_counter()
        plan(self.world, self.c["action_size"])
        return time.perf_counter() - start


def median(values):
    return sorted(values)[len(values) // 2]


def chosen_work(args):
    """The layout that was named, or the one whose step is faster here."""
    if args.layout != "auto":
        return Work(args.size, args.gru, args.layout == "nhwc"), args.layout
    works = {name: Work(args.size, args.gru, name == "nhwc") for name in ("nchw", "nhwc")}
    for work in works.values():
        work.step()
    times = {name: [] for name in works}
    for _ in range(3):
        for name, work in works.items():
            times[name].append(work.step())
    best = min(works, key=lambda name: median(times[name]))
    return works[best], best


def bench(args):
    for name in ("nchw", "nhwc") if args.layout == "auto" else (args.layout,):
        work = Work(args.size, args.gru, name == "nhwc")
        result = dict(size=args.size, layout=name, gru=args.gru, threads=torch.get_num_threads(),
                      torch=torch.__version__,
                      parameters=sum(p.numel() for p in work.world.parameters()))
        for what in ("step", "plan"):
            getattr(work, what)()
            result[what + "_s"] = round(median([getattr(work, what)() for _ in range(args.runs)]),
                                        5)
        print(json.dumps(result), flush=True)
    return 0


def serve(args):
    work, layout = chosen_work(args)
    print(f"peer_torch.py: {args.size}, {layout}, PyTorch {torch.__version__}, "
          f"{torch.get_num_threads()} threads", file=sys.stderr)
    for line in sys.stdin:
        what = line.strip()
        if what not in ("step", "plan"):
            sys.exit(f"peer_torch.py: '{what}' is neither step nor plan")
        print(repr(getattr(work, what)()), flush=True)
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    checker = commands.add_parser("check", help="recompute a case in float64")
    checker.add_argument("case")
    checker.add_argument("--tolerance", type=float, default=1e-10, help="relative")
    for name in ("bench", "serve"):
        timer = commands.add_parser(name, help="time one training step and one plan")
        timer.add_argument("--size", choices=SIZES, default="tiny32")
        timer.add_argument("--threads", type=int, default=0)
        timer.add_argument("--runs", type=int, default=5)
        timer.add_argument("--gru", choices=("cell", "planet"), default="cell")
        timer.add_argument("--layout", choices=("auto", "nchw", "nhwc"), default="auto")
    args = parser.parse_args()
    if args.command == "check":
        try:
            return check(args.case, args.tolerance)
        except (OSError, KeyError, ValueError, struct.error) as error:
            print(f"peer_torch.py: {args.case} is not a case that `gradcheck --model --export` "
                  f"wrote: {error!r}", file=sys.stderr)
            return 2
    if args.threads:
        torch.set_num_threads(args.threads)
    return bench(args) if args.command == "bench" else serve(args)


if __name__ == "__main__":
    sys.exit(main())
