// A build without MPI. Alone in this file, so that a program with ranks_mpi.cpp in it takes that one.
#include "apps/common/run/ranks.hpp"

namespace planet {

std::unique_ptr<Ranks> make_ranks() { return std::make_unique<OneProcess>(); }

}  // namespace planet
