// The control: everything the other sources lack is here, and this one must compile.
#include "tests/must_not_compile/op.hpp"

void control() { planet::record_it<planet::Whole, std::tuple<planet::Whole>>(); }
