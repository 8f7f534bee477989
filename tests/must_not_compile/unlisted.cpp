// An op that is in no list: its gradient check would never run.
#include "tests/must_not_compile/op.hpp"

void unlisted() { planet::record_it<planet::Whole, planet::AllOps>(); }
