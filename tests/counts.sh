#!/usr/bin/env bash
# How large is what a reader meets? Lines of the tracked files of a commit (default: HEAD).
#
#   bash tests/counts.sh [COMMIT]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
commit=${1:-HEAD}

# lines INCLUDE [EXCLUDE]: of the files whose path matches one regular expression and not the other.
lines() {
  git ls-tree -r --name-only "$commit" | grep -E "$1" | grep -vE "${2:-^$}" |
    while read -r file; do git show "$commit:$file"; done | wc -l
}

row() { printf '%7d  %s\n' "$1" "$2"; }

code='\.(cpp|hpp|py|sh)$'
row "$(lines "$code" '^tests/')" "product: .cpp .hpp .py .sh without tests"
row "$(lines "^tests/.*$code")" "tests"
engine=$(lines '^autograd/(ops/)?[a-z_]+\.[ch]pp$' '/gradcheck|/check_grads')
layers=$(lines '^nn/(layers|init|adam)\.')
model=$(lines '^rssm/.*\.[ch]pp$' '/(ssm|rnn)\.')
plan=$(lines '^planner/.*\.[ch]pp$' '/(icem|mppi|random|coloured_noise|correlation)\.')
train=$(lines '^apps/(train\.cpp|common/run/acting\.)')
row $((engine + layers + model + plan + train)) "the path of RSSM and CEM without kernels, of which"
row "$engine" "  autograd: tape and ops"
row "$layers" "  nn: layers, initial weights, Adam"
row "$model" "  rssm without the sister models"
row "$plan" "  planner: CEM and the agent"
row "$train" "  train and acting"
row "$(lines '^nn/[a-z_]+\.[ch]pp$')" "nn without files"
row "$(lines '^apps/common/.*\.[ch]pp$')" "apps/common"
row "$(git grep -oE '<T>' "$commit" -- nn rssm planner apps envs | wc -l)" "<T> above autograd"
row "$(lines '\.md$')" "lines of chapters and other text"
