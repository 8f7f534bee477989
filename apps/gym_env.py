"""A Gymnasium environment for `train --env gym:NAME`, which runs this file with the python3 on PATH.

    python3 gym_env.py NAME PIXELS [OPTION=VALUE ...]

Options are those of gymnasium.make(NAME, ...). The picture is what render() draws, or the observation
where that is a picture: the square in the middle, scaled down by averaging. The protocol is described in
apps/common/bridge/README.md.
"""

import ast
import json
import os
import sys

answers = os.fdopen(os.dup(1), "wb")
os.dup2(2, 1)  # what a library prints is no answer
os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")


def answer(line, picture=b""):
    answers.write(line.encode() + b"\n" + picture)
    answers.flush()


def value(text):
    """1, 0.5, true, None, [1, 2]; anything else is the text itself."""
    for read in json.loads, ast.literal_eval:
        try:
            return read(text)
        except (ValueError, SyntaxError):
            pass
    return text


def square(frame, n):
    """The square in the middle of [H, W, 3] as [n, n, 3], each pixel a mean of those it covers."""
    size = min(frame.shape[:2])
    top, left = (frame.shape[0] - size) // 2, (frame.shape[1] - size) // 2
    frame = frame[top : top + size, left : left + size].astype(np.float32)
    edges = np.arange(n) * size // n
    counts = np.maximum(np.diff(np.append(edges, size)), 1)
    sums = np.add.reduceat(np.add.reduceat(frame, edges, axis=0), edges, axis=1)
    return np.rint(sums / (counts[:, None, None] * counts[:, None])).astype(np.uint8)


def make(name, options):
    env = gymnasium.make(name, render_mode="rgb_array", **options)
    space = env.action_space
    if not isinstance(space, gymnasium.spaces.Box):
        sys.exit(f"the actions of {name} are {space}; only continuous ones (Box) can be planned")
    if not (np.isfinite(space.low).all() and np.isfinite(space.high).all()):
        sys.exit(f"the actions of {name} have no bounds; wrap it in a RescaleAction")
    return env


def serve(env, n):
    space, seen = env.action_space, env.observation_space
    draws = not (seen.dtype == np.uint8 and len(seen.shape) == 3 and seen.shape[2] == 3)
    bounds = np.stack([space.low.ravel(), space.high.ravel()], axis=1).ravel()
    limit = env.spec.max_episode_steps or 0
    answer(" ".join(["planet 1", str(limit), *(repr(float(b)) for b in bounds)]))
    observation = None
    for line in sys.stdin:
        word, *numbers = line.split()
        if word == "reset":
            observation, _ = env.reset(seed=int(numbers[0]))
            answer("ok")
        elif word == "step":
            action = np.array([float(x) for x in numbers], space.dtype).reshape(space.shape)
            observation, reward, terminated, truncated, _ = env.step(action)
            answer(f"{float(reward)!r} {int(terminated)} {int(truncated)}")
        else:
            picture = square(np.asarray(env.render() if draws else observation), n)
            answer(f"P6 {n} {n} 255", picture.tobytes())
    env.close()


if __name__ == "__main__":
    try:
        import gymnasium
        import numpy as np
    except ImportError as error:
        sys.exit(f"{error}: {sys.executable} needs Gymnasium: pip install 'gymnasium[classic-control]'")
    name, pixels, *options = sys.argv[1:]
    try:
        env = make(name, dict((key, value(text)) for key, _, text in (o.partition("=") for o in options)))
    except Exception as error:
        sys.exit(f"{type(error).__name__}: " + " ".join(str(error).split()))
    serve(env, int(pixels))
