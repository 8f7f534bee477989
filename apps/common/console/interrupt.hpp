// Ctrl-C: the first one asks the program to stop at the next safe place, the second ends it at
// once.
#pragma once

namespace planet {

/// From now on SIGINT and SIGTERM set a flag instead of ending the process; a second one ends it
/// with status 130.
void catch_interrupts();
/// Was the flag set? Loops ask after each update and each decision.
bool interrupted();

/// The exit status of a run that was stopped by a signal, its state saved.
inline constexpr int status_interrupted = 130;

}  // namespace planet
