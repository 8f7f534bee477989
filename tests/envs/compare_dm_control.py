#!/usr/bin/env python3
"""Compares the tasks that dm_control has too with dm_control, step by step, through `play`.

    python3 tests/envs/compare_dm_control.py [--play build/release/bin/play] [--task NAME] ...

Needs `pip install dm_control 'mujoco<4'`; where it is missing, says so and stops with status 0.

For every task: states are met by random episodes in dm_control, and from each both simulators take
one control step with the same action; then both run 20 control steps on end. Printed are the worst
differences in the state (metres, radians and their rates) and in the reward. Status 1 when a state
differs by more than 1e-9 in a step or 1e-7 in a run, or a reward by more than 1e-9.

MuJoCo 3 makes the contacts of a body on two slides alone softer than 2.2.2, which the cup follows:
the cup is compared in control steps without ball contact only (dm_control/make.py records the others
with the older rule). MuJoCo's solver is told not to stop before it has converged: by default it leaves
one step in a few hundred up to 1e-6 away from its own minimum.
"""
import argparse
import importlib.metadata
import json
import os
import pathlib
import subprocess
import sys
import tempfile

os.environ.setdefault("MUJOCO_GL", "disabled")  # nothing is drawn
try:
    import numpy as np
    from absl import logging
    from dm_control import suite
    import mujoco
except ImportError:
    print("compare_dm_control: dm_control is not installed (pip install dm_control 'mujoco<4'), "
          "nothing was compared")
    sys.exit(0)

ONE_STEP, RUN, REWARD = 1e-9, 1e-7, 1e-9
RUN_LENGTH = 20
TASKS = {  # ours: dm_control's domain and task
    "pendulum_dmc_sparse": ("pendulum", "swingup"),
    "point_mass_dmc": ("point_mass", "easy"),
    "cartpole_swingup": ("cartpole", "swingup"),
    "reacher_easy": ("reacher", "easy"),
    "cup_catch": ("ball_in_cup", "catch"),
    "finger_spin": ("finger", "spin"),
    "cheetah_run": ("cheetah", "run"),
    "walker_stand": ("walker", "stand"),
    "walker_walk": ("walker", "walk"),
    "walker_run": ("walker", "run"),
}


class Theirs:
    """dm_control's task as a function: state, action -> state, reward."""

    def __init__(self, name, seed):
        self.name = name
        self.env = suite.load(*TASKS[name], task_kwargs={"random": seed})
        self.env.reset()
        self.physics, self.task = self.env.physics, self.env.task
        self.actions = self.env.action_spec().shape[0]
        self.physics.model.opt.tolerance = 0  # its solver goes on to the end
        self.physics.model.opt.iterations = 200

    def start(self):
        self.env.reset()
        return self.state()

    def state(self):
        values = [self.physics.data.qpos, self.physics.data.qvel]
        if self.name == "reacher_easy":
            values.append(self.physics.named.model.geom_pos["target", ["x", "y"]])
        return np.concatenate(values)

    def set_state(self, state):
        n = self.physics.model.nq
        with self.physics.reset_context():  # forgets the solver's warm start too
            self.physics.data.qpos[:] = state[:n]
            self.physics.data.qvel[:] = state[n:2 * n]
            if self.name == "reacher_easy":
                self.physics.named.model.geom_pos["target", ["x", "y"]] = state[2 * n:]

    def step(self, action):
        """The state, the reward, and whether anything touched during the control step."""
        self.physics.set_control(action)
        touched = self.physics.data.ncon > 0
        for _ in range(round(self.env.control_timestep() / self.physics.timestep())):
            self.physics.step()
            touched = touched or self.physics.data.ncon > 0
        return self.state(), self.task.get_reward(self.physics), touched


def ours(play, name, state, actions):
    """States [n, S] and rewards [n] of n control steps by our program."""
    with tempfile.TemporaryDirectory() as folder:
        action_file, out = pathlib.Path(folder, "actions.csv"), pathlib.Path(folder, "out.csv")
        np.savetxt(action_file, np.atleast_2d(actions), delimiter=",", fmt="%.17g")
        subprocess.run([play, "--env", name, "--action-repeat", "1", "--image-size", "16",
                        "--state=" + ",".join("%.17g" % x for x in state),
                        "--actions", str(action_file), "--trajectory", str(out), "--threads", "1"],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        rows = np.loadtxt(out, delimiter=",", skiprows=1, ndmin=2)
    return rows[:, :len(state)], rows[:, -1]


def random_actions(rng, count, size):
    """Held for a few steps, often at full strength: so that bodies meet."""
    rows = []
    while len(rows) < count:
        action = np.clip(rng.normal(0, 1, size), -1, 1)
        rows += [action] * rng.integers(1, 9)
    return np.array(rows[:count])


def visited(theirs, rng, episodes, length):
    """(state, action, whether the step touched) along random episodes."""
    steps = []
    for _ in range(episodes):
        state = theirs.start()
        for action in random_actions(rng, length, theirs.actions):
            after, _, touched = theirs.step(action)
            steps.append((state, action, touched))
            state = after
    return steps


def choose(steps, count, rng):
    """Half of them with contact, where there are as many."""
    with_contact = [s for s in steps if s[2]]
    without = [s for s in steps if not s[2]]
    first = min(len(with_contact), count // 2)
    picked = [with_contact[i] for i in rng.permutation(len(with_contact))[:first]]
    return picked + [without[i] for i in rng.permutation(len(without))[:count - len(picked)]]


def compare(play, name, seed):
    """Worst difference after one step, after a run, and in a reward; steps and contacts counted."""
    rng = np.random.default_rng(seed)
    theirs = Theirs(name, seed)
    is_cup = name == "cup_catch"
    steps = visited(theirs, rng, 12, 100)
    if is_cup:
        steps = [s for s in steps if not s[2]]
    one = run = reward = 0.0
    chosen = choose(steps, 60, rng)
    for state, action, _ in chosen:
        theirs.set_state(state)
        after, r, _ = theirs.step(action)
        states, rewards = ours(play, name, state, action)
        one = max(one, np.abs(states[0] - after).max())
        reward = max(reward, abs(rewards[0] - r))
    for state, _, _ in choose(steps, 12, rng):
        actions = random_actions(rng, RUN_LENGTH, theirs.actions)
        states, rewards = ours(play, name, state, actions)
        theirs.set_state(state)
        for k, action in enumerate(actions):
            after, r, touched = theirs.step(action)
            if is_cup and touched:
                break
            run = max(run, np.abs(states[k] - after).max())
            reward = max(reward, abs(rewards[k] - r))
    return one, run, reward, len(chosen), sum(bool(s[2]) for s in chosen)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--play", default="build/release/bin/play", help="the program")
    parser.add_argument("--task", action="append", choices=list(TASKS), help="only these")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    logging.set_verbosity(logging.ERROR)  # the cheetah's file warns of an old attribute
    print(f"dm_control {importlib.metadata.version('dm_control')} on MuJoCo {mujoco.__version__}")
    lines = subprocess.run([args.play, "--list-envs", "--json"], check=True, capture_output=True,
                           text=True).stdout.splitlines()
    listed = [json.loads(line)["name"] for line in lines]
    print(f"{'task':22s} {'one step':>10s} {'20 steps':>10s} {'reward':>10s}  steps (in contact)")
    good = True
    for name in args.task or TASKS:
        if name not in listed:
            continue
        one, run, reward, count, contacts = compare(args.play, name, args.seed)
        fine = one <= ONE_STEP and run <= RUN and reward <= REWARD
        good = good and fine
        print(f"{name:22s} {one:10.1e} {run:10.1e} {reward:10.1e}  {count} ({contacts})"
              + ("" if fine else "  TOO FAR"), flush=True)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
