// train --seeds: runs that differ in their seed alone, each a process of its own.
#pragma once

#include "apps/train/setup.hpp"

namespace planet {

/// Goes on with every run, `jobs` at a time, shows how far each is, and at the end what each came to;
/// draws their returns in returns.svg. What a run prints is in a file beside its folder (seed1.txt).
/// A run that fails does not stop the others. Ctrl-C stops and saves all. Returns the exit status: 0,
/// that of the first run that failed (128 + the signal, if one ended it), or 130.
int train_seeds(const SeedRuns& set);

}  // namespace planet
