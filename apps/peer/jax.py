#!/usr/bin/env python3
"""The RSSM world model in JAX, jitted: to time the same work as ours.

  jax.py ways                  what it can time, one word a line
  jax.py serve --case case.safetensors --batch 16 --length 25 --way jit --threads 2
                               for `bench --peer`, as torch.py does it

Loss, gradient, clipping and Adam are one compiled call, and so is a plan; time is a lax.scan. Our
layouts of images and weights are JAX's own, so a case's parameters (`gradcheck --model --export`) are
used as they are. Needs Python 3, NumPy and JAX.
"""
import argparse
import json
import os
import struct
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path[0] = str(Path(__file__).resolve().parent.parent)  # where no jax.py hides JAX

WAYS = ("jit", "jit-bf16")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("ways", help="what can be timed")
    server = commands.add_parser("serve", help="time training steps and plans")
    server.add_argument("--case", required=True)
    server.add_argument("--batch", type=int, default=16)
    server.add_argument("--length", type=int, default=25)
    server.add_argument("--threads", type=int, default=0)
    server.add_argument("--way", choices=WAYS, default="jit")
    return parser.parse_args()


ARGS = arguments()
os.environ["JAX_PLATFORMS"] = "cpu"
if ARGS.command == "serve" and ARGS.threads:  # XLA takes as many threads as there are CPUs
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:ARGS.threads])

try:
    import jax
    import jax.numpy as jnp
    import numpy as np
    from jax import lax
except ImportError:
    print("jax.py: JAX is not installed for this Python; install it (pip install jax) or name another "
          "Python.", file=sys.stderr)
    sys.exit(2)


def read_case(path):
    """(tensors as float32, the model's fields)."""
    data = Path(path).read_bytes()
    (size,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8:8 + size])
    types, tensors = {"F64": "<f8", "F32": "<f4", "U8": "u1"}, {}
    fields = {k[len("model."):]: v for k, v in header.pop("__metadata__").items()
              if k.startswith("model.")}
    for name, entry in header.items():
        begin, end = (8 + size + at for at in entry["data_offsets"])
        flat = np.frombuffer(data[begin:end], types[entry["dtype"]])
        tensors[name] = flat.reshape(entry["shape"]).astype("float32")
    return tensors, fields


class Model:
    """The equations of rssm/README.md. p: the parameters, by our names."""

    def __init__(self, fields, product_type):
        number = {k: float(fields[k]) for k in ("min_std", "free_nats", "kl_scale", "reward_scale")}
        self.__dict__.update(number)
        self.image_size, self.h, self.s, self.actions = (
            int(fields[k]) for k in ("image_size", "deter_size", "stoch_size", "action_size"))
        self.convs, self.deconvs = (len(fields[k].split()) for k in ("encoder", "decoder"))
        self.rewards, self.type = int(fields["reward_layers"]), product_type

    def linear(self, p, name, x):
        y = jnp.dot(x.astype(self.type), p[name + "/weight"].astype(self.type),
                    preferred_element_type=jnp.float32)
        return y + p[name + "/bias"]

    def encode(self, p, x):
        for i in range(self.convs):
            name = f"encoder/{i}"
            x = lax.conv_general_dilated(
                x.astype(self.type), p[name + "/weight"].astype(self.type), (2, 2), "VALID",
                dimension_numbers=("NHWC", "HWIO", "NHWC")).astype(jnp.float32)
            x = jax.nn.relu(x + p[name + "/bias"])
        return x.reshape(len(x), -1)

    def decode(self, p, features):
        x = self.linear(p, "decoder/inp", features)[:, None, None, :]
        for i in range(self.deconvs):
            name = f"decoder/{i}"
            x = lax.conv_transpose(
                x.astype(self.type), p[name + "/weight"].astype(self.type), (2, 2), "VALID",
                dimension_numbers=("NHWC", "HWIO", "NHWC"), transpose_kernel=True).astype(jnp.float32)
            x = x + p[name + "/bias"]
            if i + 1 < self.deconvs:
                x = jax.nn.relu(x)
        return x

    def reward(self, p, features):
        for i in range(self.rewards):
            features = jax.nn.relu(self.linear(p, f"reward/{i}", features))
        return self.linear(p, f"reward/{self.rewards}", features)[..., 0]

    def gaussian(self, p, name, x):
        x = jax.nn.relu(self.linear(p, f"rssm/{name}/hidden", x))
        std = jax.nn.softplus(self.linear(p, f"rssm/{name}/std", x)) + self.min_std
        return self.linear(p, f"rssm/{name}/mean", x), std

    def transition(self, p, h, s, a):
        x = jax.nn.relu(self.linear(p, "rssm/inp", jnp.concatenate([s, a], -1)))
        w, bias, n = p["rssm/gru/weight"].astype(self.type), p["rssm/gru/bias"], 2 * self.h
        gates = jnp.dot(jnp.concatenate([x, h], -1).astype(self.type), w[:, :n],
                        preferred_element_type=jnp.float32)
        r, u = jnp.split(jax.nn.sigmoid(gates + bias[:n]), 2, -1)
        c = jnp.dot(jnp.concatenate([x, r * h], -1).astype(self.type), w[:, n:],
                    preferred_element_type=jnp.float32)
        return u * h + (1 - u) * jnp.tanh(c + bias[n:])

    def loss(self, p, image, action, reward, noise):
        """image [L*B,n,n,3], everything else [L,B,...]."""
        L, B = reward.shape
        e = self.encode(p, image).reshape(L, B, -1)

        def step(state, row):
            a, e_t, z = row
            h = self.transition(p, *state, a)
            mean, std = self.gaussian(p, "posterior", jnp.concatenate([h, e_t], -1))
            return (h, mean + std * z), (h, mean + std * z, mean, std)

        zero = jnp.zeros((B, self.h)), jnp.zeros((B, self.s))
        _, (h, s, q_mean, q_std) = lax.scan(step, zero, (action, e, noise))
        p_mean, p_std = self.gaussian(p, "prior", h)
        features = jnp.concatenate([s, h], -1)
        seen = self.decode(p, features.reshape(L * B, -1))
        kl = (jnp.log(p_std / q_std) + (q_std ** 2 + (q_mean - p_mean) ** 2) / (2 * p_std ** 2)
              - 0.5).sum(-1)
        return (0.5 * ((seen - image) ** 2).sum((1, 2, 3)).mean()
                + self.reward_scale * 0.5 * ((self.reward(p, features) - reward) ** 2).mean()
                + self.kl_scale * jax.nn.relu(kl - self.free_nats).mean())

    def update(self, p, m, v, t, batch, key):
        """One step of Adam; returns its new state."""
        noise = jax.random.normal(key, (*batch[2].shape, self.s))
        g = jax.grad(self.loss)(p, *batch, noise)
        norm = jnp.sqrt(sum((x * x).sum() for x in g.values()))
        g = {k: x * jnp.minimum(1, 1000 / norm) for k, x in g.items()}
        m = {k: 0.9 * m[k] + 0.1 * g[k] for k in p}
        v = {k: 0.999 * v[k] + 0.001 * g[k] ** 2 for k in p}
        a, b = 1e-3 / (1 - 0.9 ** t), 1 / jnp.sqrt(1 - 0.999 ** t)
        return {k: p[k] - a * m[k] / (b * jnp.sqrt(v[k]) + 1e-4) for k in p}, m, v, t + 1

    def plan(self, p, key, H=12, I=10, J=1000, K=100):
        """The cross-entropy method from the zero state, one rollout for each candidate."""
        def iteration(belief, key):
            mean, std = belief
            draw, future = jax.random.split(key)
            actions = jnp.clip(mean + std * jax.random.normal(draw, (H, J, self.actions)), -1, 1)

            def step(state, row):
                a, z = row
                h = self.transition(p, *state, a)
                mean, std = self.gaussian(p, "prior", h)
                s = mean + std * z
                return (h, s), jnp.concatenate([s, h], -1)

            start = jnp.zeros((J, self.h)), jnp.zeros((J, self.s))
            noise = jax.random.normal(future, (H, J, self.s))
            returns = self.reward(p, lax.scan(step, start, (actions, noise))[1]).sum(0)
            elites = actions[:, lax.top_k(returns, K)[1]]
            return (elites.mean(1, keepdims=True), elites.std(1, keepdims=True)), None

        belief = jnp.zeros((H, 1, self.actions)), jnp.ones((H, 1, self.actions))
        return lax.scan(iteration, belief, jax.random.split(key, I))[0][0][0]


class Work:
    """One model and a random batch; step() and plan() return the seconds they took."""

    def __init__(self, args):
        data, fields = read_case(args.case)
        p = {k[len("param/"):]: jnp.asarray(x) for k, x in data.items() if k.startswith("param/")}
        image, action, reward, noise = (data["data/" + k] for k in ("image", "action", "reward", "noise"))
        exact = Model(fields, jnp.float32)
        self.loss_of_case = float(exact.loss(p, image.reshape(-1, *image.shape[2:]), action, reward, noise))
        model = Model(fields, jnp.bfloat16 if args.way == "jit-bf16" else jnp.float32)
        rng, L, B, n = np.random.default_rng(0), args.length, args.batch, model.image_size
        self.batch = [jnp.asarray(x, jnp.float32) for x in (
            rng.random((L * B, n, n, 3)) - 0.5, rng.uniform(-1, 1, (L, B, model.actions)), rng.random((L, B)))]
        zeros = {k: jnp.zeros_like(x) for k, x in p.items()}
        self.state, self.key, self.p = (p, zeros, zeros, 1.0), jax.random.PRNGKey(0), p
        self.update, self.search = jax.jit(model.update), jax.jit(model.plan)

    def loss(self):
        return self.loss_of_case

    def timed(self, f, *inputs):
        self.key, key = jax.random.split(self.key)
        start = time.perf_counter()
        out = jax.block_until_ready(f(*inputs, key))
        return time.perf_counter() - start, out

    def step(self):
        seconds, self.state = self.timed(lambda key: self.update(*self.state, self.batch, key))
        return seconds

    def plan(self):
        return self.timed(lambda key: self.search(self.p, key))[0]


def main():
    if ARGS.command == "ways":
        print(f"JAX {jax.__version__}", *WAYS, sep="\n")
        return
    work = Work(ARGS)
    for line in sys.stdin:
        word = line.strip()
        if word not in ("loss", "step", "plan"):
            sys.exit(f"jax.py: '{word}' is none of loss, step and plan")
        print(repr(getattr(work, word)()), flush=True)


if __name__ == "__main__":
    main()
