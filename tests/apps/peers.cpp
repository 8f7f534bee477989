// bench --peer, with a shell script in the place of Python and both peers.
#include <doctest/doctest.h>

#include "nn/files/atomic_file.hpp"
#include "tests/apps/programs.hpp"

using namespace planet;
using namespace planet::test;

namespace {

// Called as Python is: SCRIPT ways, or SCRIPT serve --case FILE ... --way WAY. It reads the loss from
// the case, a safetensors file.
constexpr const char* stub = R"(
case $1 in *jax.py) echo "no JAX" >&2; exit 2 ;; esac
if [ "$2" = ways ]; then printf 'Stub 1\nright\nwrong\nearly\nagain\n'; exit; fi
while [ $# -gt 0 ]; do
  case $1 in --case) file=$2 ;; --way) way=$2 ;; esac
  shift
done
if [ "$way" = early ]; then exit; fi
size=$(od -An -tu8 -N8 "$file" | tr -d ' ')
begin=$(tail -c +9 "$file" | head -c "$size" | sed 's/.*"loss": {[^}]*"data_offsets": \[\([0-9]*\),.*/\1/')
while read -r word; do
  case $word-$way in
    loss-wrong) echo 1 ;;
    loss-*) od -An -tf8 -j $((8 + size + begin)) -N8 "$file" ;;
    *) echo 1e-9 ;;
  esac
done
)";

}  // namespace

TEST_CASE("bench races the peers that compute our loss and says why others are left out") {
  const Scratch scratch;
  write_text_atomically(scratch / "stub", stub);
  const Result r = run(scratch, "bench",
                       {"--peer", "sh " + (scratch / "stub").string(), "--size", "tiny32",
                        "--seconds", "0.001"});  // five rounds
  INFO(r.err, r.out);
  CHECK(r.status == 0);
  CHECK(has(r.err, "tiny32: Stub 1, right has our loss, to "));
  CHECK(has(r.err, "tiny32: Stub 1, wrong is left out: its loss is 1, and ours of the same case"));
  CHECK(has(r.err, "tiny32: Stub 1, early is left out: it ended without an answer to 'loss'"));
  CHECK(has(r.err, "tiny32 step: Stub 1, again, first calls"));
  CHECK(has(r.err, "tiny32 step: round 1 of 5\n"));
  for (const char* word : {"plan", "step"})
    CHECK(has(r.out, "tiny32     " + std::string(word) +
                         "   ours, f32 is 0.00 times as fast as the best "
                         "peer, Stub 1, "));
}

TEST_CASE("bench has nobody to race if no peer can be timed") {
  const Scratch scratch;
  const Result r = run(scratch, "bench", {"--peer", "false", "--size", "tiny32"});
  CHECK(r.status == 2);
  CHECK(has(r.err, "bench: tiny32: starts false "));
  CHECK(has(r.err, "--peer: false has no peer that can be timed; see above"));
}
