#!/usr/bin/env bash
# The upper end of the score: CEM on the true simulator at the registered budget (H 12, I 10, J 1000,
# K 100), ten episodes of each task. Rows that are already in a CSV are kept, so this can be stopped
# and gone on with; pendulum takes a minute, cart-pole about a quarter of an hour on two cores.
#
#   bash apps/studies/true_simulator/run.sh
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
bin=$(cd "$here/../../.." && pwd)/build/release/bin
for env in pendulum_swingup cartpole_swingup; do
  "$bin/oracle" --env "$env" --episodes 10 --csv "$here/$env.csv"
done
# The budget of the test in tests/apps/simulator.cpp, whose bound comes from these sixteen episodes.
"$bin/oracle" --env cartpole_swingup --candidates 200 --iterations 4 --elites 20 --episodes 16 \
  --csv "$here/cartpole_swingup_small_budget.csv"
