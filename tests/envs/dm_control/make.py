#!/usr/bin/env python3
"""Writes dm_control's states and rewards under recorded actions, one CSV per task, beside this file.

tests/envs/dm_control.cpp holds our tasks against these files, so that CI needs no MuJoCo:

    python3 tests/envs/dm_control/make.py            (pip install dm_control 'mujoco<4')

Each run begins in a state of its own (row 0), at a soft stop as often as not, and plays 20
control steps of random actions. A row: run, step, the state after the step (qpos, qvel, and for the
reacher the target), the action held during it, its reward; as many digits as tell a double apart.

Where a task is ours (another motor, another reward) MuJoCo's model is changed in the same way and
the reward is put together from dm_control's own tolerance function. In the tasks with contacts half
of the starts are states in which bodies touch, met by random episodes; the cheetah has some single
steps with crossed legs besides, and the cup's ball has the inverse weight of MuJoCo 2.2.2, 2/(3 m).
"""
import csv
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
sys.dont_write_bytecode = True

from compare_dm_control import Theirs, choose, random_actions, visited  # first: it says what is missing

import numpy as np
from dm_control import suite
from dm_control.utils.rewards import tolerance

RUNS, STEPS = 8, 20


# Starts of run k: the even ones at a soft stop (or upright), moving into it, on either side in turn.
def side(k):
    return (-1) ** (k // 2)


def pendulum_start(rng, k):
    return rng.uniform(-np.pi, np.pi, 1) * (0.03 if k % 2 == 0 else 1), rng.uniform(-6, 6, 1), None


def pendulum_shaped(physics):
    upright = (1 + physics.pole_vertical()) / 2
    return upright * (1 + tolerance(physics.angular_velocity()[0], margin=5)) / 2


def point_mass_start(rng, k):
    if k % 2 == 0:
        return rng.uniform(0.285, 0.293, 2) * side(k), rng.uniform(0, 1, 2) * side(k), None
    return rng.uniform(-0.06, 0.06, 2), rng.uniform(-0.5, 0.5, 2), None


def point_mass_easy(physics):
    near = tolerance(physics.mass_to_target_dist(), bounds=(0, 0.05), margin=0.15)
    control = tolerance(physics.control(), margin=1, value_at_margin=0, sigmoid='quadratic').mean()
    return near * (4 + control) / 5


def cartpole_start(rng, k):
    x, v = (rng.uniform(1.75, 1.82), 2) if k % 2 == 0 else (rng.uniform(-1, 1), rng.uniform(-3, 3))
    q, w = rng.uniform(-np.pi, np.pi), rng.uniform(-3, 3)
    return np.array([x * side(k), q]), np.array([v * side(k), w]), None


def reacher_start(rng, k):
    wrist = rng.uniform(2.75, 2.81) if k % 2 == 0 else rng.uniform(0, 2)
    q = np.array([rng.uniform(-np.pi, np.pi), wrist * side(k)])
    finger = 0.12 * np.array([np.cos(q[0]) + np.cos(q.sum()), np.sin(q[0]) + np.sin(q.sum())])
    v = np.array([rng.uniform(-4, 4), rng.uniform(0, 4) * side(k)])
    return q, v, finger + rng.uniform(-0.08, 0.08, 2)


def reacher_shaped(physics):
    return tolerance(physics.finger_to_target_dist(), (0, 0.05 + 0.01), margin=0.2)


# name: domain, task, start, reward (None: dm_control's own), changes to the model
TASKS = {
    'pendulum_dmc_sparse': ('pendulum', 'swingup', pendulum_start, None, None),
    'pendulum_dmc_shaped': ('pendulum', 'swingup', pendulum_start, pendulum_shaped, None),
    'point_mass_dmc': ('point_mass', 'easy', point_mass_start, None, None),
    'point_mass_easy': ('point_mass', 'easy', point_mass_start, point_mass_easy,
                        lambda model: model.actuator_gear.__setitem__((slice(None), 0), 0.5)),
    'cartpole_swingup': ('cartpole', 'swingup', cartpole_start, None, None),
    'reacher_easy': ('reacher', 'easy', reacher_start, None, None),
    'reacher_shaped': ('reacher', 'easy', reacher_start, reacher_shaped, None),
}


CONTACT_TASKS = ('cup_catch', 'finger_spin', 'cheetah_run', 'walker_walk')


def write_rows(name, nq, nv, actions, target, rows):
    head = ['run', 'step', *(f'q{i}' for i in range(nq)), *(f'v{i}' for i in range(nv)), *target,
            *(f'u{i}' for i in range(actions)), 'reward']
    with open(HERE / f'{name}.csv', 'w', newline='') as file:
        csv.writer(file, lineterminator='\n').writerows([head, *rows])
    print(f'{name}: {len(rows)} rows')


def row_of(run, step, *numbers):
    return [run, step, *(repr(float(x)) for x in np.hstack(numbers))]


def write_task(name, domain, task_name, start, reward, change):
    env = suite.load(domain, task_name, task_kwargs={'random': 0})
    physics, task = env.physics, env.task
    env.reset()
    # The solver goes on to rounding: with its tolerance of 1e-8 the cart's stop is off by 3e-6.
    physics.model.opt.tolerance = 0
    if change:
        change(physics.model)
    rng = np.random.default_rng(7)
    target = ['target_x', 'target_y'] if domain == 'reacher' else []
    rows = []
    for run in range(RUNS):
        qpos, qvel, goal = start(rng, run)
        with physics.reset_context():
            physics.data.qpos[:], physics.data.qvel[:] = qpos, qvel
            if goal is not None:
                physics.named.model.geom_pos['target', ['x', 'y']] = goal
        goal = [] if goal is None else list(goal)
        action, pay = np.zeros(physics.model.nu), 0.0
        for step in range(STEPS + 1):
            if step > 0:
                action = rng.uniform(-1, 1, physics.model.nu)
                task.before_step(action, physics)
                physics.step(env._n_sub_steps)
                pay = float(reward(physics) if reward else task.get_reward(physics))
            rows.append(row_of(run, step, physics.data.qpos, physics.data.qvel, goal, action, pay))
    write_rows(name, physics.model.nq, physics.model.nv, physics.model.nu, target, rows)


def crossed_legs(theirs, rng, count):
    """Poses of the cheetah in which two legs cross: no way in the plane leads apart."""
    model = theirs.physics.model
    limited = model.jnt_limited == 1
    low, high = model.jnt_range[limited].T
    states = []
    while len(states) < count:
        state = np.concatenate([np.zeros(model.nq), rng.normal(0, 1, model.nv)])
        state[:model.nq][limited] = rng.uniform(low, high)
        theirs.set_state(state)
        if any(abs(contact.frame[1]) > 0.5 for contact in theirs.physics.data.contact):
            states.append(state)
    return states


def write_contact_task(name):
    rng = np.random.default_rng(1)
    theirs = Theirs(name, 1)
    model = theirs.physics.model
    if name == 'cup_catch':
        ball = model.name2id('ball', 'body')
        model.body_invweight0[ball, 0] = 2 / (3 * model.body_mass[ball])
    starts = [(s[0], STEPS) for s in choose(visited(theirs, rng, 30, 100), RUNS, rng)]
    if name == 'cheetah_run':
        starts += [(state, 1) for state in crossed_legs(theirs, rng, 4)]
    rows = []
    for run, (state, steps) in enumerate(starts):
        theirs.set_state(state)
        rows.append(row_of(run, 0, state, np.zeros(theirs.actions), 0))
        for step, action in enumerate(random_actions(rng, steps, theirs.actions)):
            after, pay, _ = theirs.step(action)
            rows.append(row_of(run, step + 1, after, action, pay))
    write_rows(name, model.nq, model.nv, theirs.actions, [], rows)


if __name__ == '__main__':
    for name, what in TASKS.items():
        write_task(name, *what)
    for name in CONTACT_TASKS:
        write_contact_task(name)
