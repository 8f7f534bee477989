"""The world models of rssm/ in ordinary PyTorch: RSSM, SSM and RNN, and their loss, term by term.

Written from the equations and the tables of rssm/README.md, for torch.py to check our numbers with
and to time the same work. A state is (h, s), with h None in an SSM; a distribution is (mean,
std); a sequence is time-major. Row t of action led to frame t, row t of reward came with it.
"""
import torch
import torch.nn.functional as F
from torch import nn


def layers_of(text):
    """"8:4 16:4" -> [(8, 4), (16, 4)]: channels and kernel."""
    return [tuple(int(n) for n in word.split(":")) for word in text.split()]


def kl_of(q, p):
    """KL[q || p], summed over the last axis."""
    (q_mean, q_std), (p_mean, p_std) = q, p
    return (torch.log(p_std / q_std) + (q_std ** 2 + (q_mean - p_mean) ** 2) / (2 * p_std ** 2)
            - 0.5).sum(-1)


def detached(g):
    return g[0].detach(), g[1].detach()


# ---- latent models -------------------------------------------------------------------------------


class PlanetGru(nn.Module):
    """r, u = sigmoid(W [x, h] + b), c = tanh(W_c [x, r*h] + b_c), h' = u*h + (1-u)*c."""

    def __init__(self, inputs, hidden):
        super().__init__()
        self.gates = nn.Linear(inputs + hidden, 2 * hidden)
        self.candidate = nn.Linear(inputs + hidden, hidden)

    def forward(self, x, h):
        r, u = torch.sigmoid(self.gates(torch.cat([x, h], -1))).chunk(2, -1)
        c = torch.tanh(self.candidate(torch.cat([x, r * h], -1)))
        return u * h + (1 - u) * c


class Rssm(nn.Module):
    """h_t = gru(relu(inp([s, a])), h); prior from h_t, posterior from [h_t, e_t]."""

    heads = ("mean", "std")  # side by side in one matrix

    def __init__(self, c, gru):
        super().__init__()
        self.c, deter, stoch = c, c["deter_size"], c["stoch_size"]
        hidden, out = c["latent_hidden_size"], len(self.heads) * stoch
        self.inp = nn.Linear(stoch + c["action_size"], deter)
        self.gru = nn.GRUCell(deter, deter) if gru == "cell" else PlanetGru(deter, deter)
        self.prior_hidden, self.prior_out = nn.Linear(deter, hidden), nn.Linear(hidden, out)
        self.posterior_hidden = nn.Linear(deter + c["embed_size"], hidden)
        self.posterior_out = nn.Linear(hidden, out)

    def gaussian(self, raw):
        mean, std = raw.chunk(2, -1)
        return mean, F.softplus(std, threshold=50) + self.c["min_std"]

    def draw(self, g, noise):
        return g[0] + g[1] * noise

    def initial(self, like, rows):
        return like.new_zeros(rows, self.c["deter_size"]), like.new_zeros(rows, self.c["stoch_size"])

    def transition(self, state, a):
        h, s = state
        return self.gru(F.relu(self.inp(torch.cat([s, a], -1))), h)

    def prior(self, h):
        return self.gaussian(self.prior_out(F.relu(self.prior_hidden(h))))

    def posterior(self, h, e):
        x = F.relu(self.posterior_hidden(torch.cat([h, e], -1)))
        return self.gaussian(self.posterior_out(x))

    def imagine(self, state, a, noise):
        h = self.transition(state, a)
        p = self.prior(h)
        return (h, self.draw(p, noise)), p

    def filter(self, e, action, noise):
        """Returns the states, the posteriors and the priors of a window."""
        L, B = action.shape[:2]
        state, hs, ss, means, stds = self.initial(e, B), [], [], [], []
        for t in range(L):
            h = self.transition(state, action[t])
            q = self.posterior(h, e[t])
            state = h, self.draw(q, noise[t])
            hs.append(h), ss.append(state[1]), means.append(q[0]), stds.append(q[1])
        h = torch.stack(hs)
        return (h, torch.stack(ss)), (torch.stack(means), torch.stack(stds)), self.prior(h)

    def features(self, state):
        return torch.cat([state[1], state[0]], -1)


class Rnn(Rssm):
    """The same with a code in the place of the sample; in the loss every std is 1."""

    heads = ("mean",)

    def gaussian(self, raw):
        return raw, torch.ones_like(raw)

    def draw(self, g, noise):
        return g[0]


class Ssm(nn.Module):
    """Prior from [s, a]; posterior from [prior mean, prior std, e_t]; no h."""

    heads = ("mean", "std")

    def __init__(self, c, gru):
        super().__init__()
        self.c, stoch, hidden = c, c["stoch_size"], c["latent_hidden_size"]
        self.prior_hidden = nn.Linear(stoch + c["action_size"], hidden)
        self.prior_out = nn.Linear(hidden, 2 * stoch)
        self.posterior_hidden = nn.Linear(2 * stoch + c["embed_size"], hidden)
        self.posterior_out = nn.Linear(hidden, 2 * stoch)

    gaussian, draw = Rssm.gaussian, Rssm.draw

    def initial(self, like, rows):
        return None, like.new_zeros(rows, self.c["stoch_size"])

    def imagine(self, state, a, noise):
        p = self.gaussian(self.prior_out(F.relu(self.prior_hidden(torch.cat([state[1], a], -1)))))
        return (None, self.draw(p, noise)), p

    def filter(self, e, action, noise):
        L, B = action.shape[:2]
        state, ss, q, p = self.initial(e, B), [], [], []
        for t in range(L):
            _, p_t = self.imagine(state, action[t], noise[t])
            x = F.relu(self.posterior_hidden(torch.cat([*p_t, e[t]], -1)))
            q_t = self.gaussian(self.posterior_out(x))
            state = None, self.draw(q_t, noise[t])
            ss.append(state[1]), q.append(q_t), p.append(p_t)
        stacked = [tuple(map(torch.stack, zip(*g))) for g in (q, p)]
        return (None, torch.stack(ss)), *stacked

    def features(self, state):
        return state[1]


# ---- the whole model -----------------------------------------------------------------------------


class World(nn.Module):
    """Images are [N,3,n,n] here; everything else has the shapes of rssm/README.md."""

    def __init__(self, c, gru):
        super().__init__()
        self.c = c
        convs, channels = [], 3
        for width, kernel in layers_of(c["encoder"]):
            convs.append(nn.Conv2d(channels, width, kernel, stride=2))
            channels = width
        self.encoder = nn.ModuleList(convs)
        self.latent = {"rssm": Rssm, "ssm": Ssm, "rnn": Rnn}[c["latent_model"]](c, gru)
        size = c["stoch_size"] + (0 if c["latent_model"] == "ssm" else c["deter_size"])
        self.decoder_inp = nn.Linear(size, c["embed_size"])
        deconvs, channels = [], c["embed_size"]
        for width, kernel in layers_of(c["decoder"]):
            deconvs.append(nn.ConvTranspose2d(channels, width, kernel, stride=2))
            channels = width
        self.decoder = nn.ModuleList(deconvs)
        widths = [size] + c["reward_layers"] * [c["reward_units"]] + [1]

        def head():
            return nn.ModuleList(nn.Linear(i, o) for i, o in zip(widths, widths[1:]))

        self.reward_head = head()
        self.continue_head = head() if c["continue_head"] else None

    def encode(self, x, flatten_nhwc=False):
        for conv in self.encoder:
            x = F.relu(conv(x))
        # Our feature maps are flattened row, column, channel; for timing the order is no matter.
        return x.permute(0, 2, 3, 1).flatten(1) if flatten_nhwc else x.flatten(1)

    def decode(self, features):
        x = self.decoder_inp(features)[:, :, None, None]
        for deconv in self.decoder[:-1]:
            x = F.relu(deconv(x))
        return self.decoder[-1](x)

    @staticmethod
    def number(head, features):
        x = features
        for layer in head[:-1]:
            x = F.relu(layer(x))
        return head[-1](x).squeeze(-1)

    def reward(self, features):
        return self.number(self.reward_head, features)

    def above_free_nats(self, kl):
        if self.c["free_nats_after_mean"]:
            return F.relu(kl.mean() - self.c["free_nats"])
        return F.relu(kl - self.c["free_nats"]).mean()

    def balanced_kl(self, q, p):
        alpha = self.c["kl_balance"]
        if alpha == 0:
            return kl_of(q, p)
        return alpha * kl_of(detached(q), p) + (1 - alpha) * kl_of(q, detached(p))

    def terms(self, image, action, reward, noise, flatten_nhwc=False, continues=None,
              overshoot_noise=None):
        """image [L*B,3,n,n]; noise None: fresh. Every term by itself, then the loss."""
        c, (L, B) = self.c, action.shape[:2]
        e = self.encode(image, flatten_nhwc).view(L, B, -1)
        if noise is None:
            noise = torch.randn(L, B, c["stoch_size"])
        state, q, p = self.latent.filter(e, action, noise)
        features = self.latent.features(state)
        predicted, r = self.decode(features.flatten(0, 1)), self.reward(features)
        out = {
            "state/s": state[1], "posterior/mean": q[0], "posterior/std": q[1],
            "prior/mean": p[0], "prior/std": p[1], "predicted/reward": r,
            "predicted/image": predicted,
            "term/image": 0.5 * ((predicted - image) ** 2).sum((1, 2, 3)).view(L, B),
            "term/reward": 0.5 * (r - reward) ** 2,
            "term/kl": self.balanced_kl(q, p),
        }
        if state[0] is not None:
            out["state/h"] = state[0]
        loss = (out["term/image"].mean() + c["reward_scale"] * out["term/reward"].mean()
                + c["kl_scale"] * self.above_free_nats(out["term/kl"]))
        if continues is not None:
            logit = out["predicted/continue_logit"] = self.number(self.continue_head, features)
            out["term/continues"] = F.binary_cross_entropy_with_logits(logit, continues,
                                                                       reduction="none")
            loss = loss + c["continue_scale"] * out["term/continues"].mean()
        if c["global_kl_scale"] > 0:
            standard = torch.zeros_like(q[0]), torch.ones_like(q[1])
            out["term/global_kl"] = kl_of(q, standard)
            loss = loss + c["global_kl_scale"] * out["term/global_kl"].mean()
        if overshoot_noise is not None:
            loss = loss + self.overshooting(state, q, action, reward, overshoot_noise, out)
        out["loss"] = loss
        return out

    def overshooting(self, states, q, action, reward, noise, out):
        """Every start by itself: the zero state, and the posterior of each row."""
        c, (L, B), D = self.c, action.shape[:2], len(noise)
        kl = {d: [] for d in range(2, D + 1)}
        errors = {d: [] for d in range(2, D + 1)}
        for start in range(-1, L - 2):
            state = self.latent.initial(action, B)
            if start >= 0:
                state = tuple(None if x is None else x[start] for x in states)
            for d in range(1, min(D, L - 1 - start) + 1):
                t = start + d
                state, p = self.latent.imagine(state, action[t], noise[d - 1, t])
                if d > 1:
                    kl[d].append(kl_of(detached((q[0][t], q[1][t])), p))
                    r = self.reward(self.latent.features(state))
                    errors[d].append(0.5 * (r - reward[t]) ** 2)
        loss = 0
        for d in range(2, D + 1):
            out[f"term/overshooting/{d}"] = torch.stack(kl[d])
            loss = loss + (c["kl_scale"] * c["overshooting_scale"] / (D - 1)
                           * self.above_free_nats(out[f"term/overshooting/{d}"]))
            if c["overshooting_reward_scale"] > 0:
                error = out[f"term/overshooting_reward/{d}"] = torch.stack(errors[d])
                loss = loss + c["overshooting_reward_scale"] / (D - 1) * error.mean()
        return loss
